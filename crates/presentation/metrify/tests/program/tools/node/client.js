// Asks as node-postgres does: a line for each thing, and what came.
const { createRequire } = require('node:module');
const required = createRequire(process.env.TOOLS_NODE + '/');
const { Client, Pool } = required('pg');
const Cursor = required('pg-cursor');

const [host, port] = process.env.WIRE_ADDRESS.split(':');
const options = { host, port, database: 'metrify', user: 'anybody', password: process.env.WIRE_KEY };

async function line(name, work) {
  try {
    console.log(name, JSON.stringify(await work()));
  } catch (error) {
    console.log(name, 'refused', error.code, error.message);
  }
}

async function main() {
  const client = new Client(options);
  await client.connect();
  const rows = async (text, values) => (await client.query(text, values)).rows;
  await line('names', () => rows('select count(*), max(value), 1::int4 as one from readings'));
  await line('bound', () => rows('select point, value, period_start, value > 1 as more from readings where point = $1 and value > $2 and period_start >= $3 order by period_start limit $4', ['meter-1', 0.5, new Date('2025-01-01T00:15:00Z'), 1]));
  await line('named', async () => {
    const counts = [];
    for (const point of ['meter-1', 'meter-2', 'meter-1']) {
      counts.push((await client.query({ name: 'count', text: 'select count(*) from readings where point = $1', values: [point] })).rows[0].count);
    }
    return counts;
  });
  await line('types', () => rows('select point, value, period_start, true as yes, value::float as d from readings where point = $1 order by period_start limit 1', ['meter-2']));
  await line('any', () => rows('select count(*) from readings where point = any($1)', [['meter-1', 'it is "quoted", \\ and {braced}']]));
  await line('any cast', () => rows('select count(*) from readings where point = any($1::text[])', [['meter-2', null]]));
  await line('all', () => rows('select count(*) from readings where point <> all($1)', [['meter-1']]));
  await line('cursor', async () => {
    const cursor = client.query(new Cursor('select * from readings where value > $1', [0.5]));
    let count = 0;
    for (let read = await cursor.read(100); read.length > 0; read = await cursor.read(100)) {
      count += read.length;
    }
    await cursor.close();
    return count;
  });
  await line('transaction', async () => {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [row] = await rows('select 7::int4 as seven');
    await client.query('COMMIT');
    return row;
  });
  await line('nowhere', () => rows('select * from nowhere where a = $1', [1]));
  await line('write', () => rows('insert into readings (point) values ($1)', ['x']));
  await client.end();
  const pool = new Pool({ ...options, max: 4, application_name: 'metrify' });
  await line('pool', async () => {
    const asked = Array.from({ length: 40 }, (_, number) => pool.query('select $1::int as number', [number]));
    return (await Promise.all(asked)).reduce((sum, result) => sum + result.rows[0].number, 0);
  });
  await pool.end();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
