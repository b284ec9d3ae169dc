// Elements without markup: whatever others have named arrives as text.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== 'string') element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function show(element, shown) {
  element.hidden = !shown;
}

// A name for what belongs to a label or a description.
let count = 0;
export function newId(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}

// Buttons of which one is pressed.
export function choice(label, options, chosen, onChoose) {
  const group = make('div', { class: 'segments', role: 'radiogroup', 'aria-label': label });
  const name = newId('choice');
  for (const [value, text] of options) {
    const radio = make('input', { type: 'radio', name, value, checked: value === chosen, onchange: () => onChoose(value) });
    group.append(make('label', {}, radio, make('span', {}, text)));
  }
  return group;
}

// Settings that survive a visit; a browser may forbid them.
export const settings = {
  get(key) {
    try {
      return localStorage.getItem(`${location.pathname} ${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`${location.pathname} ${key}`, value);
    } catch {
      // Then it is chosen anew on the next visit.
    }
  },
};
