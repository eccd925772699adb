import * as api from './api.js';
import { emptyAnswer, fill } from './answer.js';
import { el } from './dom.js';
import { AssistantView, UserView } from './message.js';
import { readSettings, wireSettings } from './settings.js';
import * as store from './store.js';

const $ = (id) => document.getElementById(id);
const NEAR_END_PX = 80;

let conversation = store.load('conversation', []);
let running = null; // the AbortController of the answer that is being written
let contextLengths = new Map();

// ---- models

async function loadModels() {
  const list = $('model');
  try {
    const models = await api.models(store.key());
    const wanted = store.load('model', '');
    contextLengths = new Map(models.map((model) => [model.id, model.max_model_len]));
    list.replaceChildren(...models.map((model) => el('option', { value: model.id, selected: model.id === wanted }, model.id)));
    tell('');
  } catch (error) {
    list.replaceChildren(el('option', { value: '' }, 'no model'));
    explain(error);
  }
  describe();
}

function describe() {
  const length = contextLengths.get($('model').value);
  $('about').textContent = length
    ? `You are talking to ${$('model').value}, which keeps ${length.toLocaleString('en')} tokens in mind.`
    : '';
}

// ---- notices

function tell(text) {
  $('notice').textContent = text;
  $('notice').hidden = text === '';
}

function explain(error) {
  if (error.status === 401) {
    tell('This server wants an API key.');
    openSettings('key');
  } else if (error instanceof TypeError) {
    tell('The server can\u2019t be reached.');
  } else {
    tell(error.message);
  }
}

// ---- the conversation

function showConversation() {
  $('messages').replaceChildren(...conversation.map((message) => viewOf(message).element));
  markLast();
  scrollToEnd();
}

function viewOf(message) {
  return message.role === 'user'
    ? new UserView(message)
    : new AssistantView(message, { retry, answer: answerCalls });
}

function markLast() {
  const messages = $('messages').children;
  for (const element of messages) {
    element.classList.toggle('last', element === messages[messages.length - 1]);
  }
  $('welcome').hidden = messages.length > 0;
}

function keep() {
  store.save('conversation', conversation.map(({ running: _, ...message }) => message));
}

function send() {
  const text = $('prompt').value.trim();
  if (running || text === '') {
    return;
  }
  $('prompt').value = '';
  fit();
  const message = { role: 'user', content: text };
  conversation.push(message);
  $('messages').append(viewOf(message).element);
  answer();
}

function retry() {
  if (!running && conversation.at(-1)?.role === 'assistant') {
    conversation.pop();
    $('messages').lastElementChild.remove();
    answer();
  }
}

function answerCalls(message) {
  keep();
  if (!running && conversation.at(-1) === message && message.calls.every((call) => call.result !== undefined)) {
    answer();
  }
}

async function answer() {
  const message = emptyAnswer();
  const before = [...conversation];
  const view = viewOf(message);
  conversation.push(message);
  $('messages').append(view.element);
  markLast();
  scrollToEnd();
  setRunning(new AbortController());
  tell('');
  try {
    await fill(message, {
      conversation: before,
      model: $('model').value,
      settings: readSettings(),
      key: store.key(),
      signal: running.signal,
      onChange: () => view.update(),
    });
    $('status').textContent = 'The answer is complete.';
  } catch (error) {
    explain(error);
    if (!message.content && !message.reasoning) {
      withdraw(message, view);
    }
  } finally {
    view.flush();
    setRunning(null);
    keep();
  }
}

/** Nothing came: the question goes back to where it can be changed and sent again. */
function withdraw(message, view) {
  conversation.splice(conversation.indexOf(message), 1);
  view.element.remove();
  const last = conversation.at(-1);
  if (last?.role === 'user' && $('prompt').value === '') {
    conversation.pop();
    $('messages').lastElementChild.remove();
    $('prompt').value = last.content;
    fit();
  }
  markLast();
}

function setRunning(controller) {
  running = controller;
  $('composer').classList.toggle('running', Boolean(running));
  const label = running ? 'Stop' : 'Send';
  $('send').title = label;
  $('send').setAttribute('aria-label', label);
  allowSending();
}

function startOver() {
  running?.abort();
  conversation = [];
  keep();
  $('messages').replaceChildren();
  markLast();
  tell('');
  $('prompt').focus();
}

// ---- the page moves with the answer as long as its end is in sight

let follows = true;

function scrollToEnd() {
  follows = true;
  window.scrollTo(0, document.documentElement.scrollHeight);
}

window.addEventListener('scroll', () => {
  const page = document.documentElement;
  follows = page.scrollHeight - window.innerHeight - window.scrollY < NEAR_END_PX;
}, { passive: true });

$('messages').addEventListener('drawn', () => {
  if (follows) {
    window.scrollTo(0, document.documentElement.scrollHeight);
  }
});

// ---- the text field

function fit() {
  const field = $('prompt');
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
  allowSending();
}

function allowSending() {
  $('send').disabled = !running && $('prompt').value.trim() === '';
}

$('prompt').addEventListener('input', fit);
$('prompt').addEventListener('keydown', (event) => {
  // While an input method composes a character, Enter is its key.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  if (running) {
    running.abort();
  } else {
    send();
  }
});

document.addEventListener('keydown', (event) => {
  const inDialog = $('settings').open;
  const inField = event.target.closest?.('input, textarea, select');
  if (event.key === 'Escape' && running && !inDialog) {
    event.preventDefault();
    running.abort();
  } else if (event.key === '/' && !inField && !inDialog && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $('prompt').focus();
  }
});

// ---- the header

function openSettings(focused) {
  if (!$('settings').open) {
    $('settings').showModal();
  }
  $(focused).focus();
}

$('model').addEventListener('change', () => {
  store.save('model', $('model').value);
  describe();
});
$('fresh').addEventListener('click', startOver);
$('open-settings').addEventListener('click', () => openSettings('system'));
$('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : window.matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  store.saveTheme(root.dataset.theme);
});

wireSettings({ keyChanged: loadModels });
setRunning(null);
showConversation();
fit();
loadModels();
if (window.matchMedia('(pointer: fine)').matches) {
  $('prompt').focus();
}
