// Conveniences only: every page works without this.
'use strict';

// Addresses stay short: what is empty is not sent.
document.addEventListener('submit', (event) => {
  if (event.target.method !== 'get') return;
  for (const input of event.target.elements) if (input.name && input.value === '') input.disabled = true;
});
addEventListener('pageshow', () => {
  for (const input of document.querySelectorAll('form[method=get] :disabled')) input.disabled = false;
});

// A period and a pair of times exclude each other.
const period = document.getElementById('f-period');
const times = ['f-since', 'f-until'].map((id) => document.getElementById(id)).filter(Boolean);
if (period && times.length > 0) {
  period.addEventListener('change', () => times.forEach((time) => { time.value = ''; }));
  for (const time of times) {
    time.addEventListener('input', () => {
      if (!period.querySelector('option[value=""]')) period.prepend(new Option('As given', ''));
      period.value = '';
    });
  }
}

// "/" goes to the search; j and k go down and up a list.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest('input, select, textarea')) return;
  if (event.key === '/') {
    const search = document.querySelector('input[type=search]');
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  } else if (event.key === 'j' || event.key === 'k') {
    const rows = [...document.querySelectorAll('table.list tbody td.when a')];
    const at = rows.indexOf(document.activeElement);
    const next = rows[event.key === 'j' ? at + 1 : Math.max(0, at - 1)];
    if (next) next.focus();
  }
});

// What is folded away is printed, too.
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  for (const each of folded) each.open = true;
});
addEventListener('afterprint', () => { for (const each of folded) each.open = false; });
