// A real browser as `$BROWSER`: headless Chromium that signs in at oidc-provider's pages. What it
// does is in $BROWSER_PLAN (allow, deny, attack); what it saw goes to $BROWSER_REPORT as JSON. It
// talks a lot on both streams, as Chromium does: none of it may reach hallpass's own.
import { createServer } from 'node:http';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

console.log('BROWSER-NOISE on stdout');
console.error('BROWSER-NOISE on stderr');

const start = process.argv.at(-1);
const plan = process.env.BROWSER_PLAN ?? 'allow';
const redirect = new URL(new URL(start).searchParams.get('redirect_uri'));
const userDataDir = mkdtempSync(join(tmpdir(), 'hallpass-chromium-'));
const report = { requests: [], tried: [], refused: [], page: null, url: null };

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  userDataDir,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking',
    // A name of the attacker's that points at the listener (DNS rebinding); nothing else resolves.
    '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
});

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(90_000);
  page.on('request', (request) => report.requests.push({
    method: request.method(), url: request.url(), referer: request.headers().referer ?? null,
  }));
  if (plan === 'attack') await attack();
  await page.goto(start, { waitUntil: 'load' });
  for (let step = 0; step < 8 && !page.url().startsWith(redirect.origin); step += 1) {
    // The page of form_post sends itself on; looking at it may come too late.
    const button = await page.$('button[type=submit]').catch(() => null);
    if (!button) {
      await page.waitForNavigation({ waitUntil: 'load', timeout: 2_000 }).catch(() => {});
      continue;
    }
    if (await page.$('input[name=login]')) {
      await page.type('input[name=login]', 'ada');
      await page.type('input[name=password]', 'any');
    } else if (plan === 'deny') {
      const wayOut = await page.$eval('a[href$="/abort"]', (link) => link.href);
      await page.goto(wayOut, { waitUntil: 'load' });
      continue;
    }
    await Promise.all([
      page.waitForNavigation({ waitUntil: 'load' }),
      page.click('button[type=submit]'),
    ]);
  }
  report.url = page.url();
  report.page = await page.content();
} finally {
  await browser.close().catch(() => {});
  rmSync(userDataDir, { recursive: true, force: true });
  if (process.env.BROWSER_REPORT) {
    writeFileSync(`${process.env.BROWSER_REPORT}.part`, JSON.stringify(report));
    renameSync(`${process.env.BROWSER_REPORT}.part`, process.env.BROWSER_REPORT);
  }
}

// A page of somebody else on this very machine, in the same browser. It knows the port and, the
// worst case, the state, and tries everything a page can do without the person going anywhere:
// none of it may end the sign-in, or bring its stolen code in.
async function attack() {
  const state = new URL(start).searchParams.get('state');
  const target = (origin, via) => `${origin}${redirect.pathname}?code=stolen&state=${state}&via=${via}`;
  const own = (via) => target(redirect.origin, via);
  const html = `<!doctype html><title>a page</title>
    <link rel=stylesheet href="${own('stylesheet')}"><link rel=prefetch href="${own('prefetch')}">
    <img src="${own('img')}"><script src="${own('script')}"></script><iframe src="${own('iframe')}"></iframe>
    <object data="${own('object')}"></object>
    <form method=get action="${redirect.href}" target=sink><input name=code value=stolen>
    <input name=state value="${state}"><input name=via value=form></form>
    <form method=post action="${own('post')}" target=sink><input name=code value=stolen>
    <input name=state value="${state}"></form><iframe name=sink></iframe>
    <script type=speculationrules>{"prerender": [{"urls": ["${own('prerender')}", "/decoy"]}]}</script>`;
  // What Chromium says of a prerender it says to our own server too.
  const evil = createServer((request, response) => {
    if (request.url === '/decoy') report.decoy = request.headers['sec-purpose'] ?? null;
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/' ? html : 'decoy');
  });
  await new Promise((done) => evil.listen(0, '127.0.0.1', done));
  const page = await browser.newPage();
  const via = (url) => new URL(url).searchParams.get('via');
  page.on('request', (request) => via(request.url()) && report.tried.push(via(request.url())));
  page.on('response', (response) => via(response.url())
    && report.refused.push({ via: via(response.url()), status: response.status() }));
  await page.goto(`http://127.0.0.1:${evil.address().port}/`, { waitUntil: 'load' });
  const answered = (name) => report.refused.some((answer) => answer.via === name);
  const until = async (condition) => {
    for (let left = 100; left > 0 && !condition(); left -= 1) {
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  for (const [index, name] of ['form', 'post'].entries()) {
    await page.evaluate((number) => document.forms[number].submit(), index);
    await until(() => answered(name));
  }
  await page.evaluate(async (fetched, beacon, socket, fields) => {
    const body = new URLSearchParams(fields);
    for (const mode of ['no-cors', 'cors']) {
      await fetch(`${fetched}-${mode}`, { mode }).catch(() => {});
      await fetch(`${fetched}-post-${mode}`, { mode, method: 'POST', body }).catch(() => {});
    }
    navigator.sendBeacon(beacon, body);
    // Over before anything else is tried: it tells nothing of its answer.
    await new Promise((done) => { new WebSocket(socket).onclose = done; });
  }, own('fetch'), own('beacon'), own('websocket').replace('http:', 'ws:'), { code: 'stolen', state });
  await until(() => report.decoy !== undefined && report.tried.includes('beacon')
    && answered('prefetch') && answered('prerender'));
  const rebound = target(`http://evil.example:${redirect.port}`, 'rebinding');
  await page.goto(rebound).catch(() => {});
  await until(() => answered('rebinding'));
  await page.close();
  evil.close();
}
