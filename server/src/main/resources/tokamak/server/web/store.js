// What is kept between visits. Browsers may forbid storage or run out of it: the page works without.

const PREFIX = 'tokamak.';

export function load(name, otherwise) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function save(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Nothing to be done; the conversation lives on in the page.
  }
}

/** theme.js reads it before anything else, so it is not JSON. */
export function saveTheme(theme) {
  try {
    localStorage.setItem(`${PREFIX}theme`, theme);
  } catch {
    // As above.
  }
}

/** The API key is kept for the tab only. */
export function key() {
  try {
    return sessionStorage.getItem(`${PREFIX}key`) ?? '';
  } catch {
    return '';
  }
}

export function saveKey(value) {
  try {
    sessionStorage.setItem(`${PREFIX}key`, value);
  } catch {
    // As above.
  }
}
