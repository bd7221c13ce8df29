// A real browser as `$BROWSER`: headless Chromium that signs in at oidc-provider's pages. What it
// does is in $BROWSER_PLAN (allow, deny, attack); what it saw goes to $BROWSER_REPORT as JSON. It
// talks a lot on both streams, as Chromium does: none of it may reach hallpass's own.
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
const report = { requests: [], refused: [], page: null, url: null };

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
  page.setDefaultTimeout(15_000);
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

// A page of somebody else, in the same browser, that knows the port and tries everything a page
// can: none of it may end the sign-in or reach a code.
async function attack() {
  const page = await browser.newPage();
  page.on('response', (response) => {
    if (response.url().startsWith(redirect.origin) || response.url().includes('evil.example')) {
      report.refused.push({ url: response.url(), status: response.status() });
    }
  });
  const target = (origin, state) => `${origin}${redirect.pathname}?code=stolen&state=${state}`;
  const own = target(redirect.origin, 'guess');
  const rebound = target(`http://evil.example:${redirect.port}`, 'guess');
  await page.setContent(`
    <link rel=prefetch href="${own}"><img src="${own}"><script src="${own}"></script>
    <iframe src="${own}"></iframe><form id=f method=post action="${own}" target=sink></form>
    <iframe name=sink></iframe>
    <script type=speculationrules>{"prerender":[{"urls":["${own}"]}]}</script>`);
  await page.evaluate(async (url) => {
    await fetch(url, { mode: 'no-cors' }).catch(() => {});
    navigator.sendBeacon(url, 'x');
    document.getElementById('f').submit();
    await new Promise((done) => setTimeout(done, 300));
  }, own);
  await page.goto(rebound).catch(() => {});
  await page.close();
}
