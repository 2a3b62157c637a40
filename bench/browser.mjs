// How fast the playground is in a browser, without a server's help: `node bench/browser.mjs [FOLDER]` after eng/site, in
// headless Chromium (DOWNHILL_CHROMIUM names another). A page of its own asks the site's engine in its worker; then the
// site itself plays, and the pictures that arrive are counted.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const site = process.argv[2] ?? 'artifacts/site';
const worker = readdirSync(join(site, 'assets')).find((name) => /^engine-.*\.js$/.test(name));
if (worker === undefined) throw new Error(`${site}: expected a built site, got no engine in assets. Run eng/site first.`);

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.json': 'application/json' };

// Runs in the page.
async function measure(worker) {
  const want = { units: 50, output: 200, parameters: true, measures: true, loss: { timeline: 0, since: 0 } };
  const began = performance.now();
  const engine = new Worker(worker, { type: 'module' });
  const arrivals = [];
  let arrived = () => {};
  engine.onmessage = ({ data }) => {
    if (typeof data === 'object' && !(data instanceof ArrayBuffer)) return;
    arrivals.push(data);
    arrived();
  };
  const next = async () => {
    while (arrivals.length === 0) await new Promise((resolve) => (arrived = resolve));
    return arrivals.shift();
  };
  engine.postMessage(document.baseURI);
  if ((await next()) !== 'ready') throw new Error('the engine did not start');
  let id = 0;
  const ask = async (request) => {
    engine.postMessage(JSON.stringify({ id: ++id, ...request }));
    const reply = await next();
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(reply, 8, new DataView(reply).getUint32(4, true))));
    if (!header.ok) throw new Error(JSON.stringify(header.error));
    return { header, bytes: reply.byteLength };
  };
  await ask({ do: 'hello' });
  await ask({ do: 'open', hash: '#v=1&data=spiral&layers=8,8' });
  const { bytes } = await ask({ do: 'frame', budget: 0, train: false, want });
  const first = performance.now() - began;

  const windows = [];
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    const { header } = await ask({ do: 'frame', budget: 500, train: true });
    windows.push(header.speed.examples / (performance.now() - start) * 1000);
  }
  const examples = windows.slice(4).sort((a, b) => a - b)[4]; // the first are still being compiled
  const frames = async (budget) => {
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < 3000; count++) await ask({ do: 'frame', budget, train: budget > 0, want });
    return count / (performance.now() - start) * 1000;
  };
  await frames(9);
  const pictures = await frames(9);
  const pictureAlone = 1000 / (await frames(0));
  engine.terminate();

  // The site itself, as a visitor has it.
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let frame;
  const find = (name) => frame.contentDocument?.querySelector(`[data-testid="${name}"]`);
  const until = async (what) => {
    while (!what()) await pause(5);
  };
  const visit = (hash) => {
    frame?.remove();
    frame = document.createElement('iframe');
    frame.style.cssText = 'width:1280px;height:800px;border:0';
    frame.src = `index.html#${hash}`;
    document.body.append(frame);
  };
  const picture = () => new Promise((resolve) => frame.contentWindow.requestAnimationFrame(resolve));
  const text = (name) => find(name)?.textContent ?? '';
  visit('v=1&data=spiral&layers=8,8');
  await until(() => find('play') && /\d/.test(text('update')));
  await pause(1000);
  find('play').click();
  await pause(3000);
  let shown = 0;
  let last = text('update');
  const start = performance.now();
  while (performance.now() - start < 5000) {
    await picture();
    const now = text('update');
    if (now !== last) shown++;
    last = now;
  }
  const page = shown / (performance.now() - start) * 1000;

  // The lecture's scenes. A coarse surface: from the scene's being there to its first picture.
  visit('v=1&scene=surface');
  await until(() => find('surface-map'));
  const mapped = performance.now();
  await until(() => /\d/.test(text('surface-loss')));
  const coarse = performance.now() - mapped;
  await until(() => text('surface-fineness').includes('60 × 60'));
  const fine = performance.now() - mapped;
  // A solid that turns, 800 × 600, each picture waited for until its pixels are there.
  visit('v=1&scene=solid');
  await until(() => find('solid-space') ?? find('solid-space-missing'));
  let turning = 0;
  if (find('solid-space')) {
    find('try-train').click();
    await until(() => text('solid-accuracy').startsWith('100'));
    await pause(1000);
    const canvas = find('solid-space');
    const gl = canvas.getContext('webgl');
    const pixel = new Uint8Array(4);
    const turned = performance.now();
    let turns = 0;
    for (; performance.now() - turned < 4000; turns++) {
      canvas.dispatchEvent(new frame.contentWindow.KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      await picture();
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    }
    turning = turns / (performance.now() - turned) * 1000;
  }
  // Digits learned in front of an audience.
  visit('v=1&scene=ink');
  await until(() => find('try-train') && find('ink-pad'));
  await pause(1000);
  find('try-train').click();
  const trained = performance.now();
  await until(() => text('ink-epochs') === '12');
  const ink = (performance.now() - trained) / 1000;
  return { examples, pictures, pictureAlone, bytes, first, page, coarse, fine, turning, ink };
}

const answer = {};
answer.promise = new Promise((resolve, reject) => Object.assign(answer, { resolve, reject }));
const bench = `<!doctype html><meta charset="utf-8"><body><script type="module">
  const measure = ${measure};
  const say = (what) => fetch('bench-says', { method: 'POST', body: JSON.stringify(what) });
  measure('assets/${worker}').then(say, (error) => say({ error: String(error) }));
</script>`;
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(request.url.replace(/[?#].*$/, '')));
  if (path === '/bench.html') {
    response.setHeader('content-type', 'text/html').end(bench);
  } else if (path === '/bench-says') {
    let body = '';
    request.on('data', (piece) => (body += piece)).on('end', () => answer.resolve(JSON.parse(body)));
    response.end();
  } else {
    try {
      const file = readFileSync(join(site, path === '/' ? 'index.html' : path));
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream').end(file);
    } catch {
      response.writeHead(404).end();
    }
  }
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const profile = mkdtempSync(join(tmpdir(), 'downhill-'));
const chromium = process.env.DOWNHILL_CHROMIUM ?? '/usr/bin/chromium';
const browser = spawn(chromium, [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader', `--user-data-dir=${profile}`, '--window-size=1280,800',
  `http://127.0.0.1:${server.address().port}/bench.html`,
], { stdio: 'ignore' });
browser.on('error', () => answer.reject(new Error(`${chromium}: expected a browser, got none. Install Chromium or name one in DOWNHILL_CHROMIUM.`)));
const late = setTimeout(() => answer.reject(new Error('expected figures within five minutes, got none')), 300_000);
try {
  const said = await answer.promise;
  if (said.error) throw new Error(said.error);
  console.log(`  training 2-8-8-1, batch 10  ${(said.examples / 1e6).toFixed(3).padStart(8)} M examples/s inside the playground`);
  console.log(`  17 maps 50×50, one 200×200  ${said.pictureAlone.toFixed(1).padStart(8)} ms, ${Math.round(said.bytes / 1000)} kB`);
  console.log(`  with 9 ms of training       ${said.pictures.toFixed(1).padStart(8)} frames/s of the engine`);
  console.log(`  the page while it trains    ${said.page.toFixed(1).padStart(8)} pictures/s`);
  console.log(`  error surface, coarse       ${said.coarse.toFixed(0).padStart(8)} ms after the scene is there; 60 × 60 after ${said.fine.toFixed(0)} ms`);
  console.log(said.turning > 0
    ? `  three inputs, turning       ${said.turning.toFixed(1).padStart(8)} pictures/s at 800 × 600`
    : '  three inputs, turning       not measured: this browser has no WebGL');
  console.log(`  16×16 digits, 12 epochs     ${said.ink.toFixed(1).padStart(8)} s in front of an audience`);
  console.log(`  first picture from nothing  ${said.first.toFixed(0).padStart(8)} ms, files at hand`);
} finally {
  clearTimeout(late);
  browser.kill();
  server.close();
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
