//! The data files of a table at one version as a table of DataFusion: files that the statistics exclude are not opened.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, BooleanArray, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result, ScalarValue, ToDFSchema, project_schema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetAccessPlan, RowGroupAccess, transform_schema_to_view,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::cache::default_cache::DefaultCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use metrify_lake::{FileFacts, Grain, HeldFiles, KeptFile, Range, Snapshot, Wanted};

use crate::kept;

/// What Parquet files tell about themselves, for the files that were asked last; of each table apart, since the names of files
/// tell nothing of where they lie.
#[derive(Default)]
pub(crate) struct Footers(Mutex<HashMap<String, Arc<FileMetadataCache>>>);

/// Bytes of them for one table: those of some three hundred files with a million rows each.
const FOOTERS_BYTES_MAX: usize = 32 << 20;

impl Footers {
    fn of(&self, store: &ObjectStoreUrl) -> Arc<FileMetadataCache> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables
            .entry(store.as_str().to_owned())
            .or_insert_with(|| Arc::new(DefaultCache::new(FOOTERS_BYTES_MAX)))
            .clone()
    }
}

/// A table's files.
#[derive(Debug)]
pub(crate) struct Files {
    snapshot: Arc<Snapshot>,
    /// Where it is not all of them.
    some: Option<Vec<FileFacts>>,
    schema: SchemaRef,
    store: ObjectStoreUrl,
}

impl Files {
    /// The files of a snapshot; their store has to be registered under `store`.
    pub(crate) fn new(snapshot: Arc<Snapshot>, store: ObjectStoreUrl) -> Self {
        let schema = snapshot.table.schema();
        // Of readings the same texts come again and again, and a view of a text costs no copy of it.
        let schema =
            if snapshot.table.is_parted_by_month() { transform_schema_to_view(&schema).into() } else { schema };
        Self { snapshot, some: None, schema, store }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.some.as_ref().unwrap_or(&self.snapshot.files).is_empty()
    }

    /// Rows of all of them.
    pub(crate) fn rows(&self) -> u64 {
        self.some.as_ref().unwrap_or(&self.snapshot.files).iter().map(FileFacts::rows_left).sum()
    }

    /// Some of the files.
    pub(crate) fn only(&self, files: Vec<FileFacts>) -> Self {
        let Self { snapshot, schema, store, .. } = self;
        Self { snapshot: snapshot.clone(), some: Some(files), schema: schema.clone(), store: store.clone() }
    }

    /// The files that may hold rows for which the filters are true.
    pub(crate) fn wanted(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&FileFacts>> {
        let files: Vec<&FileFacts> = self.some.as_ref().unwrap_or(&self.snapshot.files).iter().collect();
        let Some(predicate) = conjunction(filters.to_vec()) else {
            return Ok(files);
        };
        let schema = self.schema.clone().to_dfschema()?;
        let predicate = state.create_physical_expr(predicate, &schema)?;
        let pruning = PruningPredicateBuilder::new().with_file_schema(self.schema.clone()).try_build(predicate)?;
        let keep = pruning.prune(&Facts(&files))?;
        Ok(files.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file).collect())
    }

    fn footers(&self, state: &dyn Session) -> Option<Arc<FileMetadataCache>> {
        state.config().get_extension::<Footers>().map(|footers| footers.of(&self.store))
    }

    /// The file with those of its rows that hold.
    async fn partitioned(&self, state: &dyn Session, file: &FileFacts) -> Result<PartitionedFile> {
        let partitioned = PartitionedFile::new(file.path.clone(), file.bytes);
        let Some(deleted) = &file.deleted else {
            return Ok(partitioned);
        };
        let store = self.snapshot.store();
        let metadata = DFParquetMetadata::new(&store, &partitioned.object_meta);
        let metadata = metadata.with_file_metadata_cache(self.footers(state)).fetch_metadata().await?;
        let mut begin = 0;
        let groups = metadata.row_groups().iter().map(|group| {
            let end = begin + group.num_rows().unsigned_abs();
            RowGroupAccess::Selection(deleted.left_of(std::mem::replace(&mut begin, end)..end))
        });
        Ok(partitioned.with_extension(ParquetAccessPlan::new(groups.collect())))
    }

    /// Those of the files that need not be read, since what is wanted is kept of them, and the others.
    pub(crate) async fn kept<'f>(
        &self,
        state: &dyn Session,
        files: Vec<&'f FileFacts>,
        wanted: &Wanted,
    ) -> (Vec<KeptFile>, Vec<&'f FileFacts>) {
        // Where rows are counted alone, files tell without being read.
        let is_of_use = self.snapshot.table.is_parted_by_month() && !wanted.columns.fields().is_empty();
        let held = state.config().get_extension::<HeldFiles>().filter(|_| is_of_use);
        let Some(held) = held else { return (Vec::new(), files) };
        let (mut kept, mut others) = (Vec::new(), Vec::new());
        for file in files {
            match held.kept_file(&self.snapshot, file, wanted).await {
                Some(file) => kept.push(file),
                None => others.push(file),
            }
        }
        (kept, others)
    }

    /// Reads files.
    async fn read(
        &self,
        state: &dyn Session,
        wanted: Vec<&FileFacts>,
        Asked { projection, filters, limit }: Asked<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut options = state.table_options().parquet.clone();
        // Of one point nearly all rows are left out: those of other columns are then not even decoded. Where many stay, judging
        // rows one column after the other costs more than it saves.
        options.global.pushdown_filters =
            filters.iter().any(|filter| filter.column_refs().iter().any(|column| column.name == "point"));
        let mut source = ParquetSource::new(self.schema.clone()).with_table_parquet_options(options);
        if let Some(footers) = self.footers(state) {
            let reader = CachedParquetFileReaderFactory::new(self.snapshot.store(), footers);
            source = source.with_parquet_file_reader_factory(Arc::new(reader));
        }
        if let Some(predicate) = conjunction(filters.to_vec()) {
            let schema = self.schema.clone().to_dfschema()?;
            source = source.with_predicate(state.create_physical_expr(predicate, &schema)?);
        }
        let mut files = Vec::with_capacity(wanted.len());
        for file in wanted {
            files.push(self.partitioned(state, file).await?);
        }
        let groups = FileGroup::new(files).split_files(state.config_options().execution.target_partitions);
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for Files {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Statistics exclude files, row groups and pages; the rows that are left are judged once more.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.wanted(state, filters)?;
        let columns = project_schema(&self.schema, projection)?;
        let wanted = kept::wanted(Grain::Reading, columns, filters, Arc::default());
        let (kept, files) = self.kept(state, files, &wanted).await;
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !kept.is_empty() {
            let kept = kept.into_iter().map(Arc::new).collect();
            plans.push(kept::plan(&kept, wanted, state.config_options().execution.target_partitions, limit)?);
        }
        if !files.is_empty() {
            plans.push(self.read(state, files, Asked { projection, filters, limit }).await?);
        }
        match plans.pop() {
            None => Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?))),
            Some(plan) if plans.is_empty() => Ok(plan),
            Some(plan) => {
                plans.push(plan);
                UnionExec::try_new(plans)
            }
        }
    }
}

/// What of the rows of files is asked for.
struct Asked<'a> {
    projection: Option<&'a Vec<usize>>,
    filters: &'a [Expr],
    limit: Option<usize>,
}

/// What is known of each file, as the engine asks for it.
struct Facts<'f>(&'f [&'f FileFacts]);

impl Facts<'_> {
    fn texts(&self, of: impl Fn(&FileFacts) -> Option<&Range<String>>, high: bool) -> ArrayRef {
        let bounds = self.0.iter().map(|file| of(file).map(|range| if high { &range.high } else { &range.low }));
        Arc::new(bounds.map(|bound| bound.map(String::as_str)).collect::<StringArray>())
    }

    fn bound(&self, column: &Column, high: bool) -> Option<ArrayRef> {
        match column.name() {
            "point" => Some(self.texts(|file| file.points.as_ref(), high)),
            "quantity" => Some(self.texts(|file| file.quantities.as_ref(), high)),
            "document" => Some(self.texts(|file| file.documents.as_ref(), high)),
            "delivery" => Some(self.texts(|file| file.deliveries.as_ref(), high)),
            "period_start" => {
                let bounds = self.0.iter().map(|file| {
                    file.starts.as_ref().map(|range| if high { range.high.micros() } else { range.low.micros() })
                });
                Some(Arc::new(bounds.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
            }
            _ => None,
        }
    }
}

impl PruningStatistics for Facts<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.0.iter().map(|file| Some(file.rows_left())).collect::<UInt64Array>()))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
