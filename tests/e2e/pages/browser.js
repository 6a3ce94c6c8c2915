// Drives Chromium through the auditors' pages: reads a task as JSON from standard input, says what holds and what not.
'use strict';
const fs = require('fs');
const { chromium } = require('playwright-core');

const task = JSON.parse(fs.readFileSync(0, 'utf8'));
const { url, facts, password } = task;
const sessionCookie = task.tls ? '__Host-pgconsent' : 'pgconsent';
let failed = 0;

function expect(what, got, wanted) {
  const good = JSON.stringify(got) === JSON.stringify(wanted);
  failed += good ? 0 : 1;
  console.log(good ? 'ok' : 'FAILED', what, good ? '' : `${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}
const digits = (text) => Number(text.replace(/\D/g, ''));
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, number > 9999 ? '\u202F' : '');

async function launch() {
  return chromium.launchPersistentContext(task.profile, {
    executablePath: task.chromium, headless: true, ignoreHTTPSErrors: true, viewport: { width: 1360, height: 900 }, acceptDownloads: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

async function signIn(page, user, secret = password) {
  await page.goto(`${url}/sign-in`);
  await page.fill('#user', user);
  await page.fill('#password', secret);
  await page.click('button[type=submit]');
}

async function signInFlow(context, page) {
  await page.goto(`${url}/statements?decision=refused`);
  expect('without a session: sign in first', new URL(page.url()).pathname, '/sign-in');
  expect('the page asked for is kept', new URL(page.url()).searchParams.get('next'), '/statements?decision=refused');
  for (const [user, secret, said] of [['auditor', 'wrong', 'Role or password are wrong.'], ['nobody', password, 'Role or password are wrong.'],
    ['outsider', password, 'This role is not a member of pgconsent_auditor.'], ['boss', password, 'A superuser may not sign in here. Use a role of its own for audits.'],
    ['trusted', password, 'The audit database does not ask this role for a password, so that anybody could sign in: change its pg_hba.conf.']]) {
    await signIn(page, user, secret);
    expect(`${user} can't sign in`, await page.textContent('.problem'), said);
  }
  await page.goto(`${url}/statements?decision=refused`);
  await page.fill('#user', 'auditor');
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/statements?decision=refused');
  expect('signed in, at the page asked for', await page.textContent('h1'), 'Blocked queries');
  const cookies = await context.cookies(url);
  expect('one cookie is left', cookies.map((c) => c.name), [sessionCookie]);
  expect('its flags', [cookies[0].httpOnly, cookies[0].secure, cookies[0].sameSite, cookies[0].path, cookies[0].expires],
    [true, task.tls, 'Strict', '/', -1]);
  expect('its length', cookies[0].value.length, 43);
}

async function headers(context) {
  for (const path of ['/overview', '/statements', '/sign-in', '/nowhere', '/statements.csv?period=1h']) {
    const answer = await context.request.get(url + path, { maxRedirects: 0 });
    const got = answer.headers();
    expect(`headers of ${path}`, [got['content-security-policy'], got['x-content-type-options'], got['x-frame-options'], got['referrer-policy'],
      got['cache-control'], 'strict-transport-security' in got],
    ["default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'nosniff', 'DENY', 'same-origin', 'no-store', task.tls]);
  }
}

async function overview(page) {
  await page.goto(`${url}/overview?period=all`);
  const got = {};
  for (const each of await page.$$('.panel')) {
    const name = (await each.getAttribute('class')).split(' ')[1];
    got[name] = digits(await (await each.$('.number')).textContent());
  }
  const sorted = (o) => Object.fromEntries(Object.entries(o).sort());
  expect('numbers by decision', sorted(got), sorted(facts.decisions));
  const roles = {};
  for (const row of await page.$$('section[aria-labelledby=by-role] tbody tr')) {
    const cells = await row.$$eval('th, td', (all) => all.map((c) => c.textContent));
    roles[cells[0]] = cells.slice(1, 6).map(digits).reduce((a, b) => a + b);
  }
  expect('numbers by application', sorted(roles), sorted(facts.roles));
  await page.click('details.numbers summary');
  const table = await page.$$eval('details.numbers tbody tr', (rows) => rows.map((r) => [...r.querySelectorAll('td')].map((c) => c.textContent)));
  expect('the table holds the same', table.map((r) => digits(r[0])).reduce((a, b) => a + b), facts.decisions.refused);
  await page.click('section[aria-labelledby=by-role] tbody th a');
  expect('one application', [new URL(page.url()).searchParams.get('role') !== null, await page.$$eval('section[aria-labelledby=by-role] tbody tr', (r) => r.length)], [true, 1]);
  await page.goto(`${url}/overview?period=all`);
  await page.click('.panel.refused svg a');
  expect('a bar leads to its statements', (await page.$$('table.list tbody tr.refused')).length > 0, true);
}

const ids = (page) => page.$$eval('table.list td.when a', (all) => all.map((a) => a.getAttribute('href').split('/').pop()));

async function lists(page) {
  await page.goto(`${url}/statements?decision=refused`);
  expect('first page', await ids(page), facts.newest.slice(0, 50));
  await page.click('a[rel=next]');
  expect('second page', await ids(page), facts.newest.slice(50, 100));
  const second = page.url();
  await page.click('a[rel=next]');
  expect('third page', await ids(page), facts.newest.slice(100, 150));
  await page.click('a[rel=prev]');
  expect('back to the second', await ids(page), facts.newest.slice(50, 100));
  await page.goto(second);
  expect('its address leads there again', await ids(page), facts.newest.slice(50, 100));
  await page.click('a[rel=prev]');
  expect('back to the first', await ids(page), facts.newest.slice(0, 50));
  await page.goto(`${url}/statements`);
  await page.fill('#f-q', 'query_to_xml');
  await page.selectOption('#f-decision', 'refused');
  await page.click('.filter button');
  expect('a search', await page.$$eval('table.list .why', (all) => all.length > 0 && all.every((w) => w.textContent.includes('query_to_xml'))), true);
  expect('an address without empty values', new URL(page.url()).search.includes('table='), false);
  await page.goto(`${url}/statements?sort=took&direction=ascending&decision=masked`);
  const took = await page.$$eval('table.list tbody tr td:last-child', (all) => all.map((c) => c.textContent));
  const us = took.map((t) => parseFloat(t) * (t.includes('µ') ? 1 : t.includes('m') ? 1000 : 1e6));
  expect('sorted by time', us.every((v, i) => i === 0 || us[i - 1] <= v), true);
  expect('says so', await page.getAttribute('th:last-child', 'aria-sort'), 'ascending');
  await page.goto(`${url}/statements?table=customers&column=full_name&role=crm&period=30d`);
  expect('by table, column and role', await page.$$eval('table.list .cell', (all) => all.length > 0 && all.every((c) => ['crm', 'marketing'].includes(c.textContent))), true);
  await page.goto(`${url}/statements?role=none`);
  expect('nothing', await page.textContent('td.none'), 'No statement fits. Choose a longer period or fewer filters.');
  await page.goto(`${url}/statements?since=yesterday&period=eternal`);
  expect('what is wrong is said', (await page.$$('ul.problem li')).length, 2);
}

async function one(page) {
  await page.goto(`${url}/statements/${facts.real}`);
  expect('a refusal of just now', [(await page.textContent('p.reason')).includes('"public.customers" may not be used'), (await page.textContent('pre.sql')).includes('4711')], [true, false]);
  expect('its column is marked', await page.$$eval('pre.sql mark', (all) => all.map((m) => m.textContent)), ['tax_number']);
  expect('what its rule says', (await page.textContent('section[aria-labelledby=now]')).includes('No purpose has a basis for tax_number'), true);
  await page.goto(`${url}/statements/${facts.refused}`);
  expect('reason', await page.textContent('p.reason'), 'pgconsent: no lawful basis for "public.customers.tax_number"');
  expect('the refused part is marked', await page.$$eval('pre.sql mark', (all) => [...new Set(all.map((m) => m.textContent))]), ['tax_number']);
  expect('what would allow it', [await page.textContent('#now'), (await page.$$('section[aria-labelledby=now] tbody tr')).length > 0], ['What would allow it', true]);
  expect('others like it', (await page.$$('section[aria-labelledby=likes] tbody tr')).length > 0, true);
  await page.click('section[aria-labelledby=likes] td.n a');
  expect('they are listed', (await ids(page)).length > 0, true);
  await page.goto(`${url}/statements/1234567890123`);
  expect('an unknown one', await page.textContent('h1'), 'Not found');
  await page.goto(`${url}/statements/${facts.markup}`);
  expect('markup is text', (await page.textContent('pre.sql')).includes('<script>window.hacked = 1</script><img src=x onerror=window.hacked=2>'), true);
  await page.goto(`${url}/statements?q=${encodeURIComponent('<script>')}`);
  expect('in lists, too', [(await ids(page)).length > 0, await page.inputValue('#f-q'), await page.evaluate('window.hacked')], [true, '<script>', null]);
  await page.goto(`${url}/overview?role=${encodeURIComponent('"><script>window.hacked=3</script>')}`);
  expect('in addresses, too', [await page.inputValue('#f-role'), await page.evaluate('window.hacked')], ['"><script>window.hacked=3</script>', null]);
}

async function rules(page) {
  await page.goto(`${url}/rules`);
  const use = async (column, index) => (await page.textContent(`#table-public\\.customers tbody tr:has(:text-is("${column}")) td:nth-child(${index})`)).trim();
  const heads = await page.$$eval('#table-public\\.customers thead th', (all) => all.map((h) => h.textContent));
  const marketing = heads.indexOf('marketing') + 1, support = heads.indexOf('support') + 1;
  expect('by consent', await use('email', marketing), 'by rowconsent');
  expect('by declaration', await use('email', support), 'clearcontract');
  expect('refused', await use('tax_number', support), 'refused');
  expect('masked', await use('street', marketing), 'masked');
  expect('no rule', await use('notes', 2), 'no rule names it');
  expect('mask', await use('full_name', 3), "partial(1,'***',0)");
  expect('what is not covered', await page.$$eval('.uncovered-list', (all) => all.map((d) => d.querySelectorAll('li').length)), [2, 2, 1]);
  expect('exempt', (await page.textContent('section[aria-labelledby=applications] tr:has(:text-is("dba"))')).includes('exempt'), true);
}

async function subjects(page) {
  await page.goto(`${url}/subjects`);
  await page.fill('#f-number', '7');
  await page.click('.filter button');
  expect('a person has an address by number', new URL(page.url()).search, '?kind=customer&number=7');
  expect('who saw it', [await page.$$eval('section[aria-labelledby=who] tbody tr', (rows) => rows.map((r) => r.cells[0].textContent)), await ids(page)],
    [['crm', 'support_app'], facts.seven]);
  if (task.tls) {  // the first proxy's directory knows who was shown
    await page.goto(`${url}/subjects`);
    await page.fill('#f-key', '11');
    await page.click('.filter button');
    expect('by key, which stays out of the address', [/^\?kind=customer&number=\d+$/.test(new URL(page.url()).search), (await ids(page)).length], [true, 1]);
    await page.goto(`${url}/subjects`);
    await page.fill('#f-key', '4711');
    await page.click('.filter button');
    expect('nobody of that key', (await page.textContent('p.none')).startsWith('Nothing of this person'), true);
  }
  await page.goto(`${url}/subjects?kind=customer&number=8`);
  expect('nobody', (await page.textContent('td.none')).startsWith('Nobody'), true);
}

async function integrity(page) {
  await page.goto(`${url}/integrity`);
  expect('the log is written', await page.textContent('dd.good >> nth=0'), 'is written');
}

async function download(page) {
  await page.goto(`${url}/statements?decision=refused`);
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('a.download')]);
  const text = fs.readFileSync(await file.path(), 'utf8');
  const lines = text.trimEnd().split('\r\n');
  expect('a line for each', lines.length - 1, facts.decisions.refused);
  expect('in order, no page twice', lines.slice(1, 151).map((l) => l.split(',')[1]), facts.newest);
  expect('no more than what is filtered', lines.slice(1).every((l) => l.includes(',refused,')), true);
}

async function forged(context, page) {
  await page.goto(`${url}/overview`);
  const token = await page.inputValue('input[name=csrf]');
  const post = async (path, form, extra = {}) => (await context.request.post(url + path, { form, maxRedirects: 0, headers: extra })).status();
  expect('no token', await post('/sign-out', {}), 403);
  expect('a wrong one', await post('/sign-out', { csrf: token.split('').reverse().join('') }), 403);
  expect('another site', await post('/sign-out', { csrf: token }, { Origin: 'https://evil.example' }), 403);
  expect('another site by its own word', await post('/sign-out', { csrf: token }, { 'Sec-Fetch-Site': 'cross-site' }), 403);
  expect('signing in without a token', await post('/sign-in', { user: 'auditor', password }), 403);
  expect('a page that can only be read', await post('/overview', { csrf: token }), 405);
  expect('other methods', (await context.request.fetch(`${url}/overview`, { method: 'DELETE' })).status(), 400);
  if (!task.tls) expect('another name for this host', (await context.request.get(`${url}/sign-in`, { headers: { Host: 'evil.example' } })).status(), 403);
  expect('too much', (await context.request.post(`${url}/sign-in`, { form: { user: 'x'.repeat(9000) } })).status(), 413);
  await page.goto(`${url}/overview`);
  expect('still signed in', await page.textContent('h1'), 'Overview');
}

async function keyboard(page) {
  await page.goto(`${url}/statements?decision=refused`);
  await page.keyboard.press('Tab');
  expect('first comes the way past the navigation', await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
  await page.keyboard.press('Enter');
  expect('it leads to the content', await page.evaluate('document.activeElement.id'), 'main');
  await page.keyboard.press('/');
  expect('/ leads to the search', await page.evaluate('document.activeElement.id'), 'f-q');
  await page.keyboard.type('tax');
  await page.keyboard.press('Enter');
  await page.waitForURL('**q=tax**');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const second = (await ids(page))[1];
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/statements/${second}`);
  expect('j and Enter open one', (await page.textContent('h1')).includes(second), true);
  const order = await page.evaluate(() => [...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1])).every((level, i, all) => i === 0 ? level === 1 : level <= all[i - 1] + 1));
  expect('headings do not skip a level', order, true);
  for (const path of ['/overview', '/statements', '/rules', '/integrity', `/statements/${facts.refused}`]) {
    await page.goto(url + path);
    const problems = await page.evaluate(() => {
      const found = [];
      for (const input of document.querySelectorAll('input:not([type=hidden]), select')) if (input.labels.length === 0) found.push(`no label: ${input.name}`);
      for (const table of document.querySelectorAll('table')) if (!table.querySelector('th')) found.push('a table without heads');
      for (const link of document.querySelectorAll('a, button')) if (!(link.textContent.trim() || link.getAttribute('aria-label') || link.querySelector('title'))) found.push(`no name: ${link.outerHTML.slice(0, 80)}`);
      for (const name of ['main', 'header', 'footer', 'nav']) if (!document.querySelector(name)) found.push(`no ${name}`);
      const seen = [...document.querySelectorAll('[id]')].map((e) => e.id);
      if (new Set(seen).size !== seen.length) found.push('an id twice');
      if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('wider than the window');
      return found;
    });
    expect(`${path}: names, heads, landmarks`, problems, []);
  }
}

async function signOut(context, page) {
  await page.goto(`${url}/overview`);
  const old = await context.cookies(url);
  await page.click('text=Sign out');
  await page.waitForURL('**/sign-in');
  expect('no cookie is left', (await context.cookies(url)).map((c) => c.name).filter((n) => n === sessionCookie), []);
  await context.addCookies(old.map(({ name, value }) => ({ name, value, url, httpOnly: true, sameSite: 'Strict', secure: task.tls })));
  await page.goto(`${url}/overview`);
  expect('the old cookie is of no use', new URL(page.url()).pathname, '/sign-in');
}

async function rateLimit(page) {
  const said = [];
  for (let i = 0; i < 11; ++i) {
    await signIn(page, 'victim', `wrong ${i}`);
    said.push((await page.textContent('.problem')).slice(0, 8));
  }
  expect('many attempts', [said.slice(0, 10).every((s) => s === 'Role or '), said[10]], [true, 'Too many']);
  await signIn(page, 'victim');
  expect('then not even the right password', (await page.textContent('.problem')).slice(0, 8), 'Too many');
}

async function screenshots(context, page) {
  const folder = task.screenshots;
  fs.mkdirSync(folder, { recursive: true });
  const paths = { overview: '/overview?period=7d', blocked: '/statements?decision=refused', statements: '/statements?q=email&role=crm', refused: `/statements/${facts.refused}`,
    subject: '/subjects?kind=customer&number=7', rules: '/rules', integrity: '/integrity', missing: '/nowhere' };
  for (const [name, path] of Object.entries(paths)) {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 1360, height: 900 });
      await page.goto(url + path);
      await page.screenshot({ path: `${folder}/${name}-${scheme}.png`, fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(url + path);
    await page.screenshot({ path: `${folder}/${name}-narrow.png` });
    await page.setViewportSize({ width: 1360, height: 900 });
    await page.emulateMedia({ media: 'print' });
    await page.screenshot({ path: `${folder}/${name}-print.png` });
    await page.emulateMedia({ media: 'screen' });
  }
}

async function measure(context, page) {
  await signIn(page, 'auditor');
  for (const path of ['/overview', '/overview?period=7d', '/overview?period=all', '/overview?period=1h', '/statements', '/statements?decision=refused',
    '/statements?q=query_to_xml', '/statements?decision=refused&role=crm', '/statements?reason=none', '/statements?sort=took', '/statements?role=nobody', '/rules', '/integrity',
    `/statements/${facts.refused}`]) {
    const times = [];
    for (let i = 0; i < 3; ++i) {
      const began = process.hrtime.bigint();
      await (await context.request.get(url + path)).body();
      times.push(Number(process.hrtime.bigint() - began) / 1e6);
    }
    console.log(path, times.map((t) => `${t.toFixed(0)} ms`).join(', '));
  }
}

async function main() {
  const context = await launch();
  const page = context.pages()[0] || await context.newPage();
  const complaints = [];
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4|status of 503/.test(message.text())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => { complaints.push('a dialog'); dialog.dismiss(); });
  try {
    if (task.measure) return await measure(context, page);
    await signInFlow(context, page);
    await headers(context);
    for (const part of [overview, lists, one, subjects, rules, integrity, download, keyboard]) await part(page);
    await forged(context, page);
    if (task.screenshots) await screenshots(context, page);
    await signOut(context, page);
    await rateLimit(page);
    expect('no complaint of the browser', complaints, []);
  } finally {
    await context.close();
  }
}

main().then(() => process.exit(failed ? 1 : 0), (error) => { console.error(error); process.exit(2); });
