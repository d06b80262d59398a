// Fetches numbers.

// What a browser whose network has just changed (Wi-Fi to cable) waits before it asks again, in ms.
const AGAIN = [300, 1000, 3000];

export class SignedOut extends Error {}

// A number with its columns by name. What a page asks for by itself keeps nobody signed in.
export async function fetched(path, query, unattended) {
  const headers = unattended ? { "Nbh-Unattended": "1" } : {};
  const answer = await asked(`${path}.json?${query}`, { headers });
  if (answer.status === 401) throw new SignedOut();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return table(await answer.json());
}

// Asks again where no answer came at all; an answer that says no is one.
async function asked(address, how, pauses = AGAIN) {
  try {
    return await fetch(address, how);
  } catch (error) {
    if (!pauses.length) throw error;
    await new Promise((resolve) => setTimeout(resolve, pauses[0]));
    return asked(address, how, pauses.slice(1));
  }
}

function table(answer) {
  const at = new Map(answer.columns.map(({ name }, index) => [name, answer.data[index]]));
  return {
    columns: answer.columns,
    data: answer.data,
    length: answer.data[0].length,
    get: (name) => at.get(name),
    rows: () =>
      answer.data[0].map((_, row) =>
        Object.fromEntries(answer.columns.map(({ name }, index) => [name, answer.data[index][row]])),
      ),
  };
}
