import * as store from './store.js';

const NUMBERS = ['temperature', 'top_p', 'max_tokens', 'seed'];
const TEXTS = ['system', 'tools'];

const $ = (id) => document.getElementById(id);

/** What the dialog says now, as requests need it. */
export function readSettings() {
  const parameters = {};
  for (const name of NUMBERS) {
    const field = $(name);
    if (field.value !== '' && field.checkValidity()) {
      parameters[name] = Number(field.value);
    }
  }
  return { system: $('system').value, parameters, tools: tools() ?? [] };
}

/** The tools that were typed, null if they can't be read. */
function tools() {
  const text = $('tools').value.trim();
  if (text === '') {
    return [];
  }
  try {
    const list = JSON.parse(text);
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}

function check() {
  const wrong = tools() === null;
  $('tools-error').textContent = wrong ? 'This is not a JSON list; it is left out.' : '';
  $('tools-error').hidden = !wrong;
}

/** Fills the dialog with what was kept, and keeps what changes. */
export function wireSettings({ keyChanged }) {
  const kept = store.load('settings', {});
  for (const name of [...NUMBERS, ...TEXTS]) {
    $(name).value = kept[name] ?? '';
    $(name).addEventListener('change', () => {
      store.save('settings', Object.fromEntries([...NUMBERS, ...TEXTS].map((each) => [each, $(each).value])));
      check();
    });
  }
  $('key').value = store.key();
  $('key').addEventListener('change', () => {
    store.saveKey($('key').value.trim());
    keyChanged();
  });
  // A click beside the panel closes it.
  $('settings').addEventListener('click', (event) => {
    if (event.target === $('settings')) {
      $('settings').close();
    }
  });
  check();
}
