// node-postgres: prepared statements, many queries in flight, cursors, COPY, errors in transactions, cancel.
'use strict';
const fs = require('fs');
const { pipeline } = require('stream/promises');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const copy = require('pg-copy-streams');

const CLEAR = ['1', '4', '7', '10', '13', '16', '22', '202'];
const settings = {
  host: '127.0.0.1', port: Number(process.env.PGPORT), user: process.env.PGUSER, password: process.env.PGPASSWORD,
  database: process.env.PGDATABASE, ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT), rejectUnauthorized: true },
};

function expect(got, wanted, what) {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
  console.log('ok', what);
}

async function fails(promise, code, what) {
  try {
    await promise;
  } catch (e) {
    expect(e.code, code, what);
    return e;
  }
  throw new Error(`${what}: no error`);
}

async function main() {
  const client = new Client(settings);
  await client.connect();
  expect(client.connection.stream.encrypted, true, 'TLS');
  const all = await client.query('SELECT id, email FROM customers ORDER BY id');
  expect(all.rows.filter((r) => r.email !== null).map((r) => r.id), CLEAR, 'masked values');
  expect(all.fields.map((f) => [f.name, f.dataTypeID, f.columnID]), [['id', 20, 1], ['email', 1043, 4]], 'fields');

  for (let round = 0; round < 3; round++) {
    for (let id = 1; id <= 6; id++) {
      const r = await client.query({ name: 'by-id', text: 'SELECT email FROM customers WHERE id = $1', values: [id] });
      if ((r.rows[0].email !== null) !== CLEAR.includes(String(id))) throw new Error(`customer ${id}: ${r.rows[0].email}`);
    }
  }
  console.log('ok named prepared statement');
  const array = await client.query({ text: 'SELECT id, score FROM customers WHERE id = ANY($1) ORDER BY id', values: [[1, 2]], rowMode: 'array' });
  expect(array.rows, [['1', -20], ['2', -10]], 'array parameter and row mode');
  const queued = await Promise.all([1, 2, 3, 4].map((id) => client.query('SELECT email FROM customers WHERE id = $1', [id])));
  expect(queued.map((r) => r.rows[0].email !== null), [true, false, false, true], 'queued queries');

  const cursor = client.query(new Cursor('SELECT id, email FROM customers WHERE id > $1 ORDER BY id', [0]));
  const clear = [];
  for (let rows = await cursor.read(5); rows.length > 0; rows = await cursor.read(5)) {
    clear.push(...rows.filter((r) => r.email !== null).map((r) => r.id));
  }
  await cursor.close();
  expect(clear, CLEAR, 'cursor by fetch size');

  const out = client.query(copy.to('COPY (SELECT id, email FROM customers WHERE id < 4 ORDER BY id) TO STDOUT'));
  const chunks = [];
  for await (const chunk of out) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString(), '1\traw.c1@RAW-beta.example.org\n2\t\\N\n3\t\\N\n', 'COPY out');
  await pipeline(async function* () { yield 'node\t1\nnode\t2\n'; }, client.query(copy.from('COPY scratch (k, v) FROM STDIN')));
  expect((await client.query("DELETE FROM scratch WHERE k = 'node'")).rowCount, 2, 'COPY in');

  await client.query('BEGIN');
  await client.query('SAVEPOINT a');
  await fails(client.query('SELECT 1/0'), '22012', 'an error in a transaction');
  await client.query('ROLLBACK TO a');
  const refusal = await fails(client.query('SELECT fn_email($1)', [2]), '42501', 'a refusal in a transaction');
  expect([refusal.message.startsWith('pgconsent: '), Boolean(refusal.detail), Boolean(refusal.hint)], [true, true, true], 'its fields');
  await client.query('ROLLBACK TO a');
  expect((await client.query('SELECT count(email)::int AS n FROM customers')).rows[0].n, CLEAR.length, 'after the errors');
  await client.query('COMMIT');

  const slow = fails(client.query('SELECT email, pg_sleep(60) FROM customers WHERE id = 1'), '57014', 'cancel');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // node-postgres has no public cancel over TLS: the request goes as a packet of its own, which needs no encryption.
  const socket = require('net').connect(settings.port, settings.host);
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(80877102, 4);
  packet.writeInt32BE(client.processID, 8);
  packet.writeInt32BE(client.secretKey, 12);
  socket.end(packet);
  await slow;
  expect((await client.query('SELECT nickname FROM customers WHERE id = 2')).rows[0].nickname, 'friend', 'after the cancel');
  await client.end();

  const pool = new Pool({ ...settings, max: 8 });
  const many = await Promise.all(Array.from({ length: 60 }, (_, i) => pool.query('SELECT email FROM customers WHERE id = $1', [1 + (i % 6)])));
  expect(many.filter((r) => r.rows[0].email !== null).length, 20, 'a pool');
  await pool.end();
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
