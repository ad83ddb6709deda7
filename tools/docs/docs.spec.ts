import { type FactType, facts, type TaskQueue, taskQueues, tasks } from '@cartwheel/contracts';
import { describe, expect, test } from '@jest/globals';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chapters } from '../mutants/mutants.ts';
import { consumerGroups, handledTypes } from '../verify/handled-types.ts';
import { goodShop } from '../verify/promises/good-shop.ts';
import { decide } from '../verify/verify.ts';

// What the documents name is there, and where they give a list, it is the whole list.

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const files = (...patterns: string[]) => globSync(patterns, { cwd: root }).toSorted();
const services = ['order', 'payment', 'inventory', 'email', 'analytics'] as const;
const readmes = services.map((service) => `apps/${service}/README.md`);
const documents = ['README.md', ...files('docs/**/*.md'), ...readmes];
const patterns = files('docs/patterns/*.md').filter((file) => !file.endsWith('README.md'));

/** The routes of a controller's source, like `GET /orders/:id`. */
const routesOf = (source: string) => {
  const prefix = /@Controller\('([^']*)'\)/.exec(source)![1]!;
  return [...source.matchAll(/@(Get|Sse|Post|Put|Patch|Delete)\((?:'([^']*)')?\)/g)].map(
    ([, method, path]) =>
      `${method === 'Sse' ? 'GET' : method!.toUpperCase()} /${[prefix, path].filter(Boolean).join('/')}`,
  );
};

/** All that the expression's first group finds. */
const all = (text: string, expression: RegExp) => [...text.matchAll(expression)].map(([, found]) => found!);
const sorted = (names: Iterable<string>) => [...new Set(names)].toSorted();
const withoutBlocks = (markdown: string) => markdown.replaceAll(/^```.*?^```/gms, '');
/** As the forge makes it of a heading. */
const toAnchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const section = (markdown: string, title: string) =>
  new RegExp(`^#+ ${title}\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(markdown)?.[1] ?? '';
const inCode = (markdown: string) => all(withoutBlocks(markdown), /`([^`\n]+)`/g);

describe('every document', () => {
  const topLevel = readdirSync(root);

  test.each(documents)('%s names only files that exist', (document) => {
    const text = withoutBlocks(read(document));
    const links = all(text, /\]\(([^)#\s]+)[^)]*\)/g).filter((link) => !link.includes('://'));
    const paths = inCode(text).filter((code) => /^[\w.@*-]+(\/[\w.@*-]+)+\/?$/.test(code));
    const meant = paths.filter(
      (path) => topLevel.includes(path.split('/')[0]!) || /\.(ts|mjs|cjs|json|md|sh|yml|xml|conf|sql)$/.test(path),
    );
    const isThere = (path: string, ...folders: string[]) =>
      folders.some((folder) =>
        path.includes('*') ? files(join(folder, path)).length > 0 : existsSync(join(root, folder, path)),
      );
    // `.cartwheel` is made by running things; a service's README may name its own files from where it stands.
    const absent = [
      ...links.filter((link) => !isThere(link, dirname(document))),
      ...meant.filter((path) => !path.startsWith('.cartwheel/') && !isThere(path, '.', dirname(document))),
    ];
    expect(absent).toEqual([]);
  });

  test.each(documents)('%s links only to headings that exist', (document) => {
    const links = [...withoutBlocks(read(document)).matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)];
    const absent = links.filter(([, link, anchor]) => {
      if (link!.includes('://')) return false;
      const target = link === '' ? document : join(dirname(document), link!);
      return !all(withoutBlocks(read(target)), /^#+ (.+)$/gm)
        .map(toAnchor)
        .includes(anchor!);
    });
    expect(absent.map(([text]) => text)).toEqual([]);
  });

  test.each(documents)('%s names only npm scripts that exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = all(read(document), /npm run ([a-z][a-z:-]*)/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

test('every file that the head of a pattern file names as its proof is there', () => {
  const sources = files('{apps,libs}/*/src/**/*.ts', 'tools/**/*.ts');
  const specs = sources.filter((file) => file.endsWith('.spec.ts'));
  const named = sources.flatMap((file) =>
    all(read(file), /^ \* Proof:? +(.+(?:\n \* {3}.+)*)$/gm).flatMap((line) =>
      line.split(/,[\s*]*/).map((spec) => `${file}: ${spec}`),
    ),
  );
  expect(named.length).toBeGreaterThan(25);
  const isThere = (spec: string) => specs.some((file) => file.endsWith(`/${spec}`));
  expect(named.filter((line) => !isThere(line.split(': ')[1]!))).toEqual([]);
});

describe('the README', () => {
  const readme = read('README.md');

  test('is one and a half screens, and its pictures fit a terminal', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(110);
    const pictures = all(readme, /^```\n(.*?)^```/gms);
    expect(pictures).toHaveLength(2);
    expect(
      Math.max(...pictures.flatMap((picture) => picture.split('\n').map((line) => line.length))),
    ).toBeLessThanOrEqual(80);
  });

  test('links every pattern by the name that people search for', () => {
    for (const page of patterns) expect(readme).toContain(`](${page})`);
  });
});

test('the tour follows an order through at most 25 files of the services and 15 of the libraries', () => {
  const named = inCode(read('docs/start/tour.md')).filter((code) => /^(apps|libs)\/.+\.ts$/.test(code));
  expect(named).toEqual([...new Set(named)]);
  expect(named.filter((file) => file.startsWith('apps/')).length).toBeLessThanOrEqual(25);
  expect(named.filter((file) => file.startsWith('libs/')).length).toBeLessThanOrEqual(15);
});

describe.each(patterns)('%s', (page) => {
  const text = read(page);
  const mutants = chapters.flatMap((chapter) => chapter.mutants);

  test('has the six parts', () => {
    const parts = ['Problem', 'Smallest version', 'Here', 'Costs', 'Not here', 'Proof'];
    expect(all(text, /^## (.+)$/gm)).toEqual(parts);
  });

  test('shows a sketch of at most 30 lines, and says that it is one', () => {
    const sketches = all(text, /^```ts\n(.*?)^```/gms);
    expect(sketches).toHaveLength(1);
    expect(sketches[0]).toMatch(/^\/\/ Sketch, not a file of this repository/);
    expect(sketches[0]!.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });

  test('names mutants that exist, with what they take away and the spec that goes red', () => {
    const rows = [...section(text, 'Proof').matchAll(/^\| (.+?) +\| `([a-z-]+)` +\| `(.+?)` +\|$/gm)];
    expect(rows.length).toBeGreaterThan(0);
    const named = rows.map(([, promise, name, spec]) => ({ promise, name, spec }));
    const known = mutants.map(({ promise, name, spec }) => ({ promise, name, spec }));
    expect(known).toEqual(expect.arrayContaining(named));
  });
});

test('docs/promises/limits.md begins with the five limits that matter most, which the README has too', () => {
  const five = (text: string, title: string) => all(section(text, title), /^(\d)\. /gm);
  expect(/^## (.+)$/m.exec(read('docs/promises/limits.md'))![1]).toBe('The five that matter most');
  expect(five(read('docs/promises/limits.md'), 'The five that matter most')).toEqual(['1', '2', '3', '4', '5']);
  expect(five(read('README.md'), 'Limits')).toEqual(['1', '2', '3', '4', '5']);
});

describe('docs/reference/errors.md', () => {
  const errors = read('docs/reference/errors.md');
  const sources = files('apps/*/src/**/*.ts', 'libs/*/src/**/*.ts')
    .filter((file) => !file.endsWith('.spec.ts'))
    .map(read)
    .join('\n');

  test('lists every code of the sources with its status, and no other', () => {
    const thrown = [...sources.matchAll(/new DomainError\(\s*'([\w-]+)',\s*(?:'[^']*'|`[^`]*`)(?:,\s*(\d+))?/g)];
    expect(thrown).toHaveLength(all(sources, /(new DomainError\()/g).length);
    const filter = read('libs/http/src/problem.filter.ts');
    const known = [
      ...filter.matchAll(/(\d{3}): \{ code: '([\w-]+)'/g),
      ...filter.matchAll(/problem\(\s*(\d{3}),\s*'([\w-]+)'/g),
    ];
    const inSources = [
      ...thrown.map(([, code, status = '422']) => `${code} ${status}`),
      ...known.map(([, status, code]) => `${code} ${status}`),
    ];
    const rows = [...section(errors, 'HTTP problems').matchAll(/^\| `([\w-]+)` +\| (\d{3}) /gm)];
    expect(sorted(rows.map(([, code, status]) => `${code} ${status}`))).toEqual(sorted(inSources));
  });

  test('lists the codes that the API documents name, and no other but that of the health checks', () => {
    const documents = files('docs/reference/openapi/*.json').map(read).join('\n');
    const named = all(documents, /"code": \{\s*"type": "string",\s*"enum": \[([^\]]*)\]/g).flatMap((list) =>
      all(list, /"([\w-]+)"/g),
    );
    const listed = all(section(errors, 'HTTP problems'), /^\| `([\w-]+)`/gm);
    expect(sorted([...named, 'not-healthy'])).toEqual(sorted(listed));
  });

  test('names every reason for which a message is unreadable', () => {
    const declared = /export type Unreadable = ([^;]+);/.exec(read('libs/messages/src/envelope.ts'))![1]!;
    expect(all(section(errors, 'Dead letters'), /^ +- `([\w-]+)`:/gm)).toEqual(all(declared, /'([\w-]+)'/g));
  });
});

test('docs/howto/dead-letters.md lists every route for operators and no other, and names only options that the command has', () => {
  const text = read('docs/howto/dead-letters.md');
  const routes = routesOf(read('libs/service/src/dead-letters.controller.ts'));
  expect(sorted(all(text, /`((?:GET|POST) \/ops[^`?]+)/g))).toEqual(sorted(routes));
  const help = all(read('tools/dead-letters/main.ts'), /(--[a-z][a-z-]*)/g);
  expect(sorted(all(text, /(--[a-z][a-z-]*)/g)).filter((option) => !help.includes(option))).toEqual([]);
});

test('docs/start/checkout.md lists what npm run verify decides', () => {
  const numbered = decide(goodShop()).filter(({ promise }) => promise > 0);
  const listed = section(read('docs/start/checkout.md'), 'What must always hold');
  expect(all(listed, /^(\d+\. .+)$/gm)).toEqual(numbered.map(({ promise, title }) => `${promise}. ${title}`));
});

test('docs/promises/verify.md lists the exit codes that npm run verify has, and every verdict', () => {
  const text = read('docs/promises/verify.md');
  const help = /Exit code (.*?)`;/s.exec(read('tools/verify/main.ts'))![1]!;
  expect(all(text, /^\| (\d) +\|/gm)).toEqual(all(help, /(\d): /g));
  const verdicts = /readonly verdict: ([^;]+);/.exec(read('tools/verify/verdict.ts'))![1]!;
  expect(all(text, /^\| `([a-z ]+)` +\|/gm)).toEqual(all(verdicts, /'([a-z ]+)'/g));
});

test('every decision is in the index, has the four parts and is short', () => {
  const decisions = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d/.test(name));
  expect(all(read('docs/decisions/README.md'), /\((\d[^)]+\.md)\)/g)).toEqual(decisions.toSorted());
  for (const name of decisions) {
    const text = read(`docs/decisions/${name}`);
    expect(all(text, /^## (\w+)/gm)).toEqual(['Context', 'Decision', 'Consequences', 'Alternatives']);
    expect(text.split('\n').length).toBeLessThanOrEqual(36);
  }
});

test('every suffix of a product file is in the list of decision 0001', () => {
  const names = files('apps/*/src/**/*.ts', 'libs/*/src/**/*.ts').filter((file) => !file.endsWith('.spec.ts'));
  const used = names.flatMap((file) => all(file, /(\.[a-z]+)\.ts$/g));
  const listed = inCode(
    /suffixes is closed:(.*?)^- /ms.exec(read('docs/decisions/0001-layout-and-directions.md'))![1]!,
  );
  expect(sorted(used).filter((suffix) => !listed.includes(suffix))).toEqual([]);
});

describe.each(services)('the README of %s', (service) => {
  const readme = read(`apps/${service}/README.md`);
  const sourcesOf = (pattern: string) => files(`apps/${service}/src/${pattern}`).map(read);

  test('has the five headings and is one screen', () => {
    expect(all(readme, /^## (\w+)$/gm)).toEqual(['Owns', 'Accepts', 'Emits', 'Tables', 'Configuration']);
    expect(readme.split('\n').length).toBeLessThanOrEqual(60);
  });

  test('lists every variable that the service reads, with its default, and no other', () => {
    const config = read('libs/service/src/config.ts');
    const own = sourcesOf('config.ts').join('');
    const ofWorkers = /workerEnvironment = environment\.extend\(\{(.*?)^\}\)/ms.exec(config)![1]!;
    const ofAll = /environment = z\.object\(\{(.*?)^\}\)/ms.exec(config)![1]!;
    const common = own.includes('workerEnvironment') ? `${ofAll}\n${ofWorkers}` : ofAll;
    const declared = [
      ...`${common}\n${own}`.matchAll(/^ +([A-Z][A-Z_]+):(.*?)(?=^ +(?:[A-Z][A-Z_]+:|\/\*\*)|$(?![^]))/gms),
    ];
    const inConfig = declared.map(([, name, type]) => {
      const value = /\.default\(([^)]*)\)/.exec(type!)?.[1]?.replaceAll(/^'|'$|(?<=\d)_(?=\d)/g, '');
      return `${name} ${value === undefined ? 'required' : value === '' ? 'none' : `\`${value}\``}`;
    });
    const rows = [...section(readme, 'Configuration').matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|/gm)];
    expect(sorted(rows.map(([, name, value]) => `${name} ${value}`))).toEqual(sorted(inConfig));
  });

  test('lists every route that the service answers, and no other', () => {
    const shared = ['health', 'metrics'].map((name) => read(`libs/service/src/${name}.controller.ts`));
    const controllers = [...sourcesOf('**/*.controller.ts'), ...shared];
    const routes = controllers.flatMap(routesOf);
    expect(sorted(all(section(readme, 'Accepts'), /`((?:GET|POST|PUT|PATCH|DELETE) [^`?]+)/g))).toEqual(sorted(routes));
  });

  test('names the facts and tasks that it accepts and emits, and no other', () => {
    const groups = consumerGroups.filter((group) => group.split('.')[0] === service);
    const queues = taskQueues.filter((queue: TaskQueue) => queue.split('.')[0] === service);
    const ownTasks = Object.entries(tasks)
      .filter(([, { queue }]) => queues.includes(queue))
      .map(([type]) => type);
    const accepted = groups.flatMap((group) => handledTypes[group]);
    const announced = Object.keys(facts).filter((type) => facts[type as FactType].source === service);
    const typesIn = (title: string) =>
      sorted(inCode(section(readme, title)).filter((word) => word in facts || word in tasks));
    const acceptsAll = section(readme, 'Accepts').includes('Every fact');
    expect(acceptsAll ? sorted(Object.keys(facts)) : typesIn('Accepts')).toEqual(sorted([...accepted, ...ownTasks]));
    expect(typesIn('Emits')).toEqual(sorted([...announced, ...ownTasks]));
  });

  test('names every table that the service was granted', () => {
    const [schemaFile] = sourcesOf('*.schema.ts');
    const own = all(/grants: \{([^}]*)\}/.exec(schemaFile!)![1]!, /(\w+): '/g);
    const idempotency = schemaFile!.includes('idempotencySchema') ? ['idempotency_keys'] : [];
    const attempts = schemaFile!.includes('workerSchemas') ? ['task_attempts'] : [];
    const inbox = ['processed_events', 'begun_attempts', 'handled_types'];
    const platform = ['outbox', 'message_sequences', ...inbox, 'parked_messages', 'parked_message_actions'];
    const named = inCode(section(readme, 'Tables')).filter((word) => /^[a-z_]+$/.test(word));
    const states = ['reserved', 'released', 'shipped', 'returned', 'requested', 'sending', 'sent'];
    expect(sorted(named.filter((word) => !states.includes(word)))).toEqual(
      sorted([...own, ...idempotency, ...attempts, ...platform]),
    );
  });
});
