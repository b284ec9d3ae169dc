// The person's own examples and what was trained on them, in this browser's database and nowhere else.

const NAME = `taught ${location.pathname}`;

function wait(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

let opened = null;
function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('examples', { keyPath: 'id', autoIncrement: true });
      request.result.createObjectStore('layers');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('this browser keeps no examples: it forbids sites to store anything'));
  });
  return opened;
}

async function store(name, mode) {
  return (await database()).transaction(name, mode).objectStore(name);
}

// An example is `{id, target, inputs}`: the class's name or a number, and flat values by the input's name.
export const examples = {
  all: async () => wait((await store('examples', 'readonly')).getAll()),
  add: async (example) => wait((await store('examples', 'readwrite')).add(example)),
  remove: async (id) => wait((await store('examples', 'readwrite')).delete(id)),
  clear: async () => wait((await store('examples', 'readwrite')).clear()),
};

export const layers = {
  read: async () => wait((await store('layers', 'readonly')).get('own')),
  write: async (layer) => wait((await store('layers', 'readwrite')).put(layer, 'own')),
  clear: async () => wait((await store('layers', 'readwrite')).clear()),
};
