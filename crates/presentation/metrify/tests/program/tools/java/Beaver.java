/**
 * Statements of the kind that database browsers such as DBeaver ask of PostgreSQL's catalog when they connect, open their tree and show a
 * table. They are written by us: what each asks for is what a browser shows, its words are ours. A name, the statement, its values.
 */
final class Beaver {
    static final String[][] STATEMENTS = {
        {"session", "select version() as server, current_catalog, current_schema() as home, user, session_user as person"},
        {"search path", "show search_path"},
        {"databases", """
            select base.oid, base.*, note.description, pg_catalog.pg_encoding_to_char(base.encoding) as letters
            from pg_catalog.pg_database base
            left join pg_catalog.pg_shdescription note on note.objoid = base.oid
            where base.datname = ? or (base.datistemplate = false and base.datallowconn)
            order by base.oid desc""", "metrify"},
        {"database size", "select pg_database_size(cast(? as text)) as bytes", "metrify"},
        {"settings", "select setting, context, source, base.* from pg_settings base where lower(name) = ?", "standard_conforming_strings"},
        {"schemas", """
            select room.oid, room.*, owner.rolname, note.description
            from pg_catalog.pg_description note
            right outer join pg_catalog.pg_namespace room
                on note.classoid = 'pg_catalog.pg_namespace'::regclass and note.objoid = room.oid and note.objsubid = 0
            left join pg_catalog.pg_roles owner on room.nspowner = owner.oid
            order by room.nspname desc"""},
        {"types", """
            select kind.oid, kind.*, shape.relkind, element.typname as element,
                case when kind.typbasetype > 0 then format_type(kind.typbasetype, kind.typtypmod) end as base,
                format_type(nullif(kind.typelem, 0), null) as item
            from pg_catalog.pg_type kind
            left join pg_catalog.pg_class shape on kind.typrelid = shape.oid
            left join pg_catalog.pg_type element on kind.typelem = element.oid
            where coalesce(shape.relkind, 'c') = 'c' and (element.oid is null or element.typcategory != 'C')
            order by kind.typname"""},
        {"type", """
            select kind.*, note.description from pg_type kind
            left outer join pg_description note on note.objoid = kind.oid and note.classoid = 'pg_type'::regclass
            where kind.oid = 'numeric'::regtype"""},
        {"enum labels", """
            select label.enumlabel, kind.typname from pg_catalog.pg_type kind
            join pg_catalog.pg_enum label on label.enumtypid = kind.oid order by kind.typname, label.enumsortorder"""},
        {"tables", """
            select thing.oid, thing.*, note.description, pg_get_partkeydef(thing.oid) as parted_by,
                case when thing.relispartition then pg_get_expr(thing.relpartbound, thing.oid) end as part
            from pg_catalog.pg_class thing
            left join pg_catalog.pg_description note
                on note.objsubid = 0 and note.objoid = thing.oid and note.classoid = 'pg_catalog.pg_class'::regclass
            where thing.relkind in ('r', 'p', 'f', 'v', 'm', 'S', 't') and thing.relnamespace = ?
            order by thing.relname""", "SCHEMA"},
        {"columns", """
            select part.attnum as place, part.*, thing.relname as owner, format_type(part.atttypid, part.atttypmod) as kind,
                pg_catalog.pg_get_expr(otherwise.adbin, otherwise.adrelid) as otherwise, note.description, tie.objid as tied
            from pg_catalog.pg_class thing
            join pg_catalog.pg_attribute part on part.attrelid = thing.oid
            left join pg_catalog.pg_depend tie
                on tie.refobjid = thing.oid and tie.refobjsubid = part.attnum and tie.deptype in ('a', 'i')
            left join pg_catalog.pg_description note on note.objsubid = part.attnum and note.objoid = part.attrelid
            left join pg_catalog.pg_attrdef otherwise on otherwise.adnum = part.attnum and otherwise.adrelid = part.attrelid
            where part.attrelid = ? and part.attnum > 0 and part.attisdropped = false
            order by place""", "TABLE"},
        {"columns of all", """
            select thing.relname, part.attname, part.attnotnull, kind.typname, note.description
            from pg_type kind, pg_class thing, pg_attribute part
            left outer join pg_description note on part.attnum = note.objsubid and part.attrelid = note.objoid
            where thing.relnamespace = ? and kind.oid = part.atttypid and part.attrelid = thing.oid and not part.attisdropped
            order by 1, part.attnum""", "SCHEMA"},
        {"constraints", """
            select bond.oid, bond.*, other.relname as other, home.nspname as at, note.description,
                case bond.contype when 'c' then "left"(pg_get_constraintdef(bond.oid, true), 80) else '' end as rule
            from pg_catalog.pg_class thing
            join pg_catalog.pg_constraint bond on bond.conrelid = thing.oid
            left join pg_catalog.pg_class other on bond.confrelid = other.oid
            left join pg_catalog.pg_namespace home on other.relnamespace = home.oid
            left join pg_catalog.pg_description note
                on note.classoid = 'pg_catalog.pg_constraint'::regclass and note.objoid = bond.oid
            where thing.oid = ? order by bond.conname""", "TABLE"},
        {"indexes", """
            select way.indexrelid as oid, way.*, named.relname, method.amname, note.description,
                pg_relation_size(named.oid) as bytes, pg_stat_get_numscans(named.oid) as scans,
                pg_get_expr(way.indexprs, way.indrelid) as made_of, pg_get_expr(way.indpred, way.indrelid, true) as only_where
            from pg_catalog.pg_class named
            join pg_catalog.pg_index way on way.indexrelid = named.oid
            left join pg_catalog.pg_am method on named.relam = method.oid
            left join pg_catalog.pg_description note on note.objoid = named.oid and note.objsubid = 0
            where way.indrelid = ? order by way.indisprimary desc, named.relname""", "TABLE"},
        {"parents", """
            select line.inhseqno, line.*, parent.relname from pg_catalog.pg_class parent, pg_catalog.pg_inherits line
            where parent.oid = line.inhparent and line.inhrelid = ? order by 1""", "TABLE"},
        {"children", """
            select child.oid, child.relname, line.* from pg_catalog.pg_class child, pg_catalog.pg_inherits line
            where child.oid = line.inhrelid and line.inhparent = ? order by child.relname""", "TABLE"},
        {"triggers", """
            select spring.oid, spring.*, routine.proname, note.description, pg_get_triggerdef(spring.oid) as text
            from pg_catalog.pg_proc routine
            right join pg_catalog.pg_trigger spring on spring.tgfoid = routine.oid
            left join pg_catalog.pg_description note on spring.oid = note.objoid and note.classoid = 'pg_trigger'::regclass
            where spring.tgisinternal = false and spring.tgrelid = ?""", "TABLE"},
        {"rules", """
            select law.oid, law.*, pg_get_ruledef(law.oid, true) as text from pg_catalog.pg_rewrite law
            where law.rulename != '_RETURN'::name and law.ev_class = ? order by law.rulename""", "TABLE"},
        {"policies", """
            select policy.policyname, policy.* from pg_catalog.pg_policies policy
            where policy.tablename = ? and policy.schemaname = ?""", "readings", "default"},
        {"references", """
            select distinct bond.conrelid, bond.conname from pg_catalog.pg_constraint bond
            where bond.contype = 'f' and bond.confrelid = ?""", "TABLE"},
        {"sizes", """
            select thing.relname, thing.reltuples, pg_relation_size(thing.oid) as alone, pg_total_relation_size(thing.oid) as whole
            from pg_catalog.pg_class thing where thing.relkind = 'r' and thing.relnamespace = ?""", "SCHEMA"},
        {"size", "select pg_catalog.pg_relation_size(?) as alone, pg_catalog.pg_total_relation_size(?) as whole", "TABLE", "TABLE"},
        {"statistics", """
            select watched.relname, watched.idx_scan, watched.n_dead_tup, watched.last_vacuum
            from pg_catalog.pg_stat_all_tables watched where watched.relid = ?""", "TABLE"},
        {"procedures", """
            select routine.oid as number, routine.*, note.description, tongue.lanname, pg_get_expr(routine.proargdefaults, 0) as otherwise
            from pg_catalog.pg_language tongue
            join pg_catalog.pg_proc routine on routine.prolang = tongue.oid
            left join pg_catalog.pg_description note on note.objoid = routine.oid and note.classoid = 'pg_proc'::regclass
            where routine.pronamespace = ? order by number""", "SCHEMA"},
        {"aggregates", """
            select routine.proname, case routine.prokind when 'a' then 'aggregate' when 'w' then 'window' else 'plain' end as sort
            from pg_catalog.pg_proc routine where routine.prokind not in ('f', 'p') order by routine.proname limit 50"""},
        {"sequences", """
            select thing.oid, thing.*, pg_get_userbyid(thing.relowner) as owner, counter.last_value
            from pg_catalog.pg_class thing
            join pg_catalog.pg_namespace room on room.oid = thing.relnamespace
            left join pg_catalog.pg_sequences counter on counter.schemaname = room.nspname and counter.sequencename = thing.relname
            where room.oid = ? and thing.relkind = 'S'""", "SCHEMA"},
        {"views", "select shown.viewname, shown.* from pg_catalog.pg_views shown where shown.schemaname <> 'pg_catalog'"},
        {"materialized views", "select kept.matviewname, kept.* from pg_catalog.pg_matviews kept order by kept.matviewname"},
        {"view definition", "select pg_get_viewdef(?, true) as text", "TABLE"},
        {"comments", "select obj_description(?, 'pg_class') as whole, col_description(?, 2) as second", "TABLE", "TABLE"},
        {"roles", """
            select person.rolname, person.oid, person.*, note.description from pg_catalog.pg_shdescription note
            right join pg_catalog.pg_roles person on note.objoid = person.oid order by person.oid"""},
        {"members", """
            select person.rolname, tie.admin_option from pg_catalog.pg_auth_members tie, pg_catalog.pg_roles person
            where person.oid = tie.member and tie.roleid = 10"""},
        {"tablespaces", """
            select place.oid, place.*, pg_tablespace_location(place.oid) as folder, pg_get_userbyid(place.spcowner) as owner
            from pg_catalog.pg_tablespace place order by place.spcname"""},
        {"languages", "select tongue.oid, tongue.* from pg_catalog.pg_language tongue where tongue.lanispl or tongue.lanpltrusted"},
        {"access methods", """
            select method.oid, method.*, note.description from pg_catalog.pg_am method
            left join pg_catalog.pg_description note on note.objoid = method.oid and note.classoid = 'pg_am'::regclass
            order by method.amtype, method.amname"""},
        {"encodings", """
            select distinct pg_encoding_to_char(way.conforencoding) as name, way.conforencoding
            from pg_catalog.pg_conversion way order by name"""},
        {"collations", "select order_by.oid, order_by.* from pg_catalog.pg_collation order_by order by order_by.collname"},
        {"extensions", """
            select more.oid, more.*, owner.rolname, room.nspname
            from pg_authid owner, pg_namespace room, pg_catalog.pg_extension more
            where room.oid = more.extnamespace and owner.oid = more.extowner order by more.extname"""},
        {"extensions' tables", """
            select more.oid, own.names, more.* from pg_catalog.pg_extension more
            left join (
                select listed.of, array_agg(concat(room.nspname, '/', thing.relname) order by thing.relname) as names
                from (select inner_one.oid as of, unnest(inner_one.extconfig) as number from pg_catalog.pg_extension inner_one) listed
                join pg_catalog.pg_class thing on thing.oid = listed.number
                join pg_catalog.pg_namespace room on thing.relnamespace = room.oid
                group by listed.of
            ) own on own.of = more.oid"""},
        {"extensions to be had", """
            select offered.name, coalesce(offered.installed_version, offered.default_version) as version, offered.comment
            from pg_catalog.pg_available_extensions offered where offered.name ilike ?""", "%post%"},
        {"event triggers", """
            select spring.oid, spring.*, routine.proname from pg_catalog.pg_proc routine
            right outer join pg_catalog.pg_event_trigger spring on routine.oid = spring.evtfoid"""},
        {"foreign wrappers", """
            select wrapper.oid, wrapper.*, handler.proname, checker.proname as checked_by from pg_catalog.pg_foreign_data_wrapper wrapper
            left join pg_catalog.pg_proc checker on checker.oid = wrapper.fdwvalidator
            left join pg_catalog.pg_proc handler on handler.oid = wrapper.fdwhandler"""},
        {"foreign servers", """
            select far.oid, far.*, wrapper.fdwname from pg_catalog.pg_foreign_server far
            join pg_catalog.pg_foreign_data_wrapper wrapper on wrapper.oid = far.srvfdw"""},
        {"privileges", """
            select granted.grantee, granted.privilege_type, granted.* from information_schema.table_privileges granted
            where granted.table_name = ? and granted.table_schema = ? and granted.table_catalog = ?""", "readings", "default", "metrify"},
        {"privileges of roles", """
            select granted.* from information_schema.role_table_grants granted
            where granted.table_schema in (?, 'pg_catalog') and granted.grantor <> granted.grantee""", "default"},
        {"access list", "select thing.relname, thing.relacl from pg_catalog.pg_class thing where thing.oid = ?", "TABLE"},
        {"rights", """
            select has_database_privilege('metrify', 'connect') as inside, has_schema_privilege('default', 'usage') as among,
                has_table_privilege(?, 'select') as reading""", "readings"},
        {"sessions", """
            select busy.pid, busy.* from pg_catalog.pg_stat_activity busy
            where busy.datname = current_database() and busy.query_start <= now() order by busy.backend_start"""},
        {"locks", "select held.mode, held.* from pg_catalog.pg_locks held where held.granted"},
        {"search tables", """
            select room.nspname, thing.relname, thing.oid, thing.relkind from pg_catalog.pg_namespace room, pg_catalog.pg_class thing
            where thing.relname ilike ? and thing.relkind not in ('i', 'I', 'c') and room.oid = thing.relnamespace
            order by room.nspname, thing.relname limit 30""", "%READ%"},
        {"search columns", """
            select thing.relname, part.attname, part.attnum from pg_catalog.pg_class thing, pg_catalog.pg_attribute part
            where part.attrelid = thing.oid and part.attname ilike ? fetch first 30 rows only""", "%Val%"},
        {"data", "select shown.* from \"default\".readings shown limit 200"},
        {"data sorted", """
            select shown.* from "default".readings shown where shown.point like 'meter-1%'
            order by shown.value desc nulls last, shown.period_start limit 50"""},
        {"count", "select count(*) as rows from \"default\".readings shown"},
        {"counted", "select count(1) from (select value, unit from readings where value > 0) counted_rows"},
        {"plan", "explain (format xml, analyze true) select point, max(value) from readings group by point"},
        {"plan in text", "explain analyze select value from readings limit 3"},
    };
}
