// Run after Swagger UI's own bundle, which leaves its one name behind.

/** How long a reader waits for examples before they see the page without them. */
const PATIENCE_MS = 5000;

/** What lies at a JSON pointer. */
const at = (value, pointer) =>
  pointer
    .split('/')
    .slice(1)
    .reduce((inner, name) => inner?.[name], value);

/** Asks an operation, and makes what its links point at the examples of the parameters they belong to. */
async function follow(path, links, operations) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
  const body = answer.ok ? await answer.json() : {};
  for (const { operationId, parameters } of Object.values(links)) {
    for (const parameter of operations.get(operationId).parameters) {
      const found = at(body, parameters[parameter.name]?.replace('$response.body#', '') ?? '');
      if (typeof found === 'string') parameter.example = found;
    }
  }
}

/** The description, with sessions, traces and so on that this very suite knows as examples. */
async function description() {
  const described = await (await fetch('/openapi.json')).json();
  const operations = new Map();
  for (const held of Object.values(described.paths)) {
    for (const operation of Object.values(held)) operations.set(operation.operationId, operation);
  }
  const asked = Object.entries(described.paths).filter(([, held]) => held.get?.responses['200'].links);
  await Promise.allSettled(asked.map(([path, { get }]) => follow(path, get.responses['200'].links, operations)));
  return described;
}

description().then((described) =>
  globalThis.SwaggerUIBundle({
    spec: described,
    dom_id: '#api',
    deepLinking: true,
    displayRequestDuration: true,
    // A hundred operations at once make a slow page.
    docExpansion: 'none',
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  }),
);
