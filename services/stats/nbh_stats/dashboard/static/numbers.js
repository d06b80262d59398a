// Fetches numbers.

export class SignedOut extends Error {}

// A number with its columns by name. What a page asks for by itself keeps nobody signed in.
export async function fetched(path, query, unattended) {
  const answer = await fetch(`${path}.json?${query}`, {
    headers: unattended ? { "Nbh-Unattended": "1" } : {},
  });
  if (answer.status === 401) throw new SignedOut();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return table(await answer.json());
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
