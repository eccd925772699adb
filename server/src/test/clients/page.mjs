// node page.mjs CHROMIUM URL FOLDER: the page against scripted answers; screenshots go to the folder.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [executablePath, url, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const complaints = [];

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 860 }, colorScheme: 'light', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  // The scripted 429 is reported by the browser itself.
  page.on('console', (message) => message.type() === 'error' && !message.text().includes('429') && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => !request.url().startsWith(url) && complaints.push(`asked for ${request.url()}`));
  await page.goto(url);
  await page.waitForSelector('#model option[value="large"]', { state: 'attached' });
  return page;
}

const picture = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) });
const done = (page) => page.waitForSelector('.message:last-child.assistant[aria-busy="false"]');
const answerText = (page) => page.innerText('.message:last-child > .text');

async function ask(page, text) {
  await page.fill('#prompt', text);
  await page.press('#prompt', 'Enter');
}

try {
  const page = await open();
  await picture(page, 'welcome');

  // Keyboard: Shift+Enter is a new line, Enter sends, / goes to the field.
  await page.type('#prompt', 'two');
  await page.press('#prompt', 'Shift+Enter');
  await page.type('#prompt', 'lines');
  await page.press('#prompt', 'Enter');
  await done(page);
  assert.equal(await page.innerText('.user .bubble'), 'two\nlines');
  assert.equal(await answerText(page), 'You said: two lines');
  assert.match(await page.innerText('.message:last-child .stats'), /tokens\/s · first after .* · \d+ tokens/);
  await page.click('#fresh');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'prompt');
  assert.equal(await page.inputValue('#prompt'), '');

  // Markdown becomes elements; code can be copied.
  await ask(page, 'markdown');
  await done(page);
  const shape = await page.evaluate(() => {
    const text = document.querySelector('.message:last-child > .text');
    const count = (selector) => text.querySelectorAll(selector).length;
    return {
      headings: count('h4'), strong: count('strong'), em: count('em'), struck: count('s'), nested: count('ol > li > ul > li'),
      items: count('ol > li'), boxes: count('input[type=checkbox]'), cells: count('td'), quote: count('blockquote'), rule: count('hr'),
      link: text.querySelector('a').href, rel: text.querySelector('a').rel, code: text.querySelector('pre').textContent,
      cell: text.querySelectorAll('td')[5].textContent, last: text.lastElementChild.textContent,
    };
  });
  assert.deepEqual({ ...shape, code: undefined, rel: undefined }, {
    headings: 1, strong: 1, em: 2, struck: 1, nested: 2, items: 3, boxes: 2, cells: 6, quote: 1, rule: 1,
    link: 'https://example.org/torus_(shape)', cell: 'harder | slower', last: 'That is all.', code: undefined, rel: undefined,
  });
  assert.match(shape.rel, /noopener/);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click('figure.code button');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shape.code);
  await picture(page, 'light');
  await page.click('#theme');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  await picture(page, 'dark');

  // Reasoning is folded and opens.
  await ask(page, 'think');
  await done(page);
  assert.equal(await answerText(page), 'Forty-two.');
  assert.equal(await page.isVisible('.reasoning .text'), false);
  await page.click('.message:last-child summary');
  assert.match(await page.innerText('.message:last-child .reasoning .text'), /^First I think about it/);
  assert.match(await page.innerText('.message:last-child summary'), /Thought for/);

  // A tool call is shown; its result goes back.
  await ask(page, 'tool');
  await done(page);
  assert.equal(await page.innerText('.call h3'), 'weather');
  assert.equal(await page.innerText('.call code'), '{\n  "city": "Caen"\n}');
  await picture(page, 'tool');
  await page.fill('.call textarea', 'rain');
  await page.click('.call .plain');
  await page.waitForSelector('.message:nth-last-child(2) .call');
  await done(page);
  assert.equal(await answerText(page), 'You said: rain');

  // What a model writes can't run anything or load anything.
  await ask(page, 'hostile');
  await done(page);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('.message:last-child img, .message:last-child script').count(), 0);
  const links = await page.evaluate(() => [...document.querySelectorAll('.message:last-child > .text a')].map((a) => a.protocol));
  assert.deepEqual([...new Set(links)], ['https:']);
  assert.match(await answerText(page), /<img src=x onerror/);

  // The conversation outlives a reload.
  const count = await page.locator('.message').count();
  await page.reload();
  assert.equal(await page.locator('.message').count(), count);
  await page.waitForSelector('#model option[value="large"]', { state: 'attached' });

  // Escape stops an answer, which stays.
  await ask(page, 'endless');
  await page.waitForFunction(() => document.querySelector('.message:last-child > .text').textContent.length > 100);
  await picture(page, 'running');
  await page.keyboard.press('Escape');
  await done(page);
  assert.match(await page.innerText('.message:last-child .stats'), /stopped/);

  // An error is told, and the question is not lost.
  await ask(page, 'fail');
  await page.waitForSelector('#notice:not([hidden])');
  assert.equal(await page.innerText('#notice'), 'too many of you');
  assert.equal(await page.inputValue('#prompt'), 'fail');
  await picture(page, 'error');
  await page.fill('#prompt', '');

  // Settings go into requests.
  await page.selectOption('#model', 'large');
  await page.click('#open-settings');
  await page.fill('#system', 'Be brief.');
  await page.fill('#temperature', '0.5');
  await page.fill('#max_tokens', '64');
  await page.fill('#seed', '7');
  await page.fill('#tools', '[{');
  await page.press('#tools', 'Tab');
  assert.equal(await page.isVisible('#tools-error'), true);
  await picture(page, 'settings');
  await page.fill('#tools', '[]');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#settings'), false);
  await page.click('#fresh');
  const sent = page.waitForRequest('**/v1/chat/completions');
  await ask(page, 'hello');
  const body = (await sent).postDataJSON();
  assert.deepEqual(
    { model: body.model, temperature: body.temperature, max_tokens: body.max_tokens, seed: body.seed, top_p: body.top_p, messages: body.messages },
    { model: 'large', temperature: 0.5, max_tokens: 64, seed: 7, top_p: undefined,
      messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'hello' }] });
  await done(page);

  // Everything one can press has a name.
  const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea')]
    .filter((e) => !e.getAttribute('aria-label') && !e.textContent.trim() && !e.labels?.length && e.type !== 'checkbox')
    .map((e) => e.outerHTML));
  assert.deepEqual(nameless, []);

  const narrow = await open({ viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true });
  await ask(narrow, 'markdown');
  await done(narrow);
  assert.equal(await narrow.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'the narrow page scrolls sideways');
  await picture(narrow, 'narrow');

  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
