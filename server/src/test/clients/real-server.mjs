// node real-server.mjs CHROMIUM URL [KEY]: the page against a server whose model says the alphabet.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [executablePath, url, key] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && !message.text().includes('401') && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  if (key) {
    // The page says what is missing and puts the cursor where it goes.
    await page.waitForSelector('#settings[open]');
    assert.equal(await page.innerText('#notice'), 'This server wants an API key.');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'key');
    await page.keyboard.type(key);
    await page.keyboard.press('Tab');
    await page.waitForSelector('#model option[value="abc"]', { state: 'attached' });
    assert.equal(await page.isVisible('#notice'), false);
    await page.keyboard.press('Escape');
  }
  await page.waitForSelector('#model option[value="abc"]', { state: 'attached' });
  await page.click('#open-settings');
  await page.fill('#temperature', '0');
  await page.click('dialog .plain');
  await page.fill('#prompt', 'hi');
  await page.press('#prompt', 'Enter');
  await page.waitForSelector('.assistant[aria-busy="false"]');
  assert.equal((await page.textContent('.assistant .text:not(.reasoning .text)')).trim(), 'bcdefghijklmnopqrstuvwxyz');
  assert.match(await page.textContent('.assistant .stats'), /26 tokens/);
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}
