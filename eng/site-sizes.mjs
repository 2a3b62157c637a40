// Sizes of the static site as a server with brotli sends it, and the two promises about them: `node eng/site-sizes.mjs FOLDER`.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

const most = 3_000_000; // all of it
const mostFirst = 500_000; // what the first picture needs, before the engine arrives

const root = process.argv[2] ?? 'artifacts/site';
const files = (function list(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? list(path) : [path];
  });
})(root);

const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };
const compress = promisify(brotliCompress); // on as many threads as there are
// Fonts and pictures are compressed already.
const packed = async (path, bytes) => (/\.(woff2|png)$/.test(path) ? bytes : await compress(bytes, options)).length;

const rows = await Promise.all(
  files.map(async (path) => {
    const bytes = readFileSync(path);
    return { name: relative(root, path), size: bytes.length, packed: await packed(path, bytes) };
  }),
);
rows.sort((a, b) => b.packed - a.packed);
const sum = (list) => list.reduce((total, row) => total + row.packed, 0);
// A chunk that neither the page's HTML names nor begins the engine is loaded when a visitor opens what it draws (a scene of the lecture).
const page = readFileSync(join(root, 'index.html'), 'utf8');
const base = (row) => row.name.split('/').at(-1);
const isLater = (row) => /\.(js|css)$/.test(row.name) && !page.includes(base(row)) && !/^engine-/.test(base(row));
const isEngine = (row) => row.name.startsWith('engine/');
const all = sum(rows);
const first = sum(rows.filter((row) => !isEngine(row) && !isLater(row)));
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(9)} kB`;
for (const row of rows.slice(0, 16)) console.log(`${kilobytes(row.packed)}  ${row.name}`);
if (rows.length > 16) console.log(`${kilobytes(sum(rows.slice(16)))}  ${rows.length - 16} more`);
console.log(`${kilobytes(first)}  page without the engine (at most ${mostFirst / 1000} kB)`);
console.log(`${kilobytes(sum(rows.filter((row) => !isEngine(row) && isLater(row))))}  parts of the page that are loaded when they are opened`);
console.log(`${kilobytes(all)}  all, compressed (at most ${most / 1000} kB)`);
if (all > most || first > mostFirst) {
  console.error('eng/site: the site is larger than promised.');
  process.exit(1);
}
