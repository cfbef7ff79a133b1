// The page: takes the data that is in it, and then, where a server stands behind it, what that tells.

import { Charts } from 'charts';
import { Completions } from 'completions';
import { setUpTheme } from 'theme';

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId('data').textContent);

const charts = new Charts({
  grid: byId('charts'),
  runs: byId('runs'),
  window: byId('window'),
  reset: byId('reset'),
  reading: byId('reading'),
});
const completions = new Completions(data, {
  section: byId('completions'),
  link: byId('to-completions'),
  form: byId('filter'),
  note: byId('note'),
  count: byId('count'),
  fresh: byId('fresh'),
  newer: byId('newer'),
  older: byId('older'),
  rows: byId('rows'),
});

byId('controls').hidden = false;
byId('keys').hidden = false;
setUpTheme(byId('theme'), () => charts.repaint());
let connected = true;
let latest = data;
let version = data.version;
show(data);
if (data.live) {
  listen();
}

function show(update) {
  latest = update;
  charts.update(update);
  completions.update(update);
  showState();
  const table = byId('differences-table');
  byId('settings').hidden = !table.firstElementChild;
  byId('to-settings').hidden = !table.firstElementChild;
}

/** Announced when it changes; the steps beside it are not, or they would be all that one hears. */
function showState() {
  const finished = latest.runs.every((run) => run.finished);
  const state = !connected ? 'lost' : finished ? 'finished' : data.live ? 'live' : 'written';
  const words = {
    lost: 'Connection lost, trying again',
    finished: 'Finished',
    live: 'Live',
    written: 'Not finished',
  };
  if (byId('state').dataset.state !== state) {
    byId('state').dataset.state = state;
    byId('state').textContent = words[state];
  }
  const steps = Math.max(...latest.runs.map((run) => run.steps));
  byId('progress').textContent = steps > 0 ? `step ${steps.toLocaleString('en')}` : 'no step is logged yet';
}

/** The tables come as HTML, of the same writer as those that the page was made with. */
function replaceTable(id, html) {
  const place = byId(id);
  if (place.innerHTML !== html) {
    place.innerHTML = html;
  }
}

function listen() {
  const events = new EventSource(`events?version=${encodeURIComponent(version)}`);
  events.onopen = () => {
    connected = true;
    showState();
  };
  events.onerror = () => {
    connected = false;
    showState();
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(listen, 3000);
    }
  };
  events.onmessage = (event) => {
    const update = JSON.parse(event.data);
    version = update.version;
    const names = (some) => JSON.stringify(some.runs.map((run) => run.name));
    if (names(update) !== names(latest)) {
      location.reload(); // another server has taken the place of the one that made the page
      return;
    }
    connected = true;
    replaceTable('outcome-table', update.outcome);
    replaceTable('differences-table', update.differences);
    show(update);
  };
}
