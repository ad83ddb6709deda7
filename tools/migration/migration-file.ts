/** What `npm run migration -- generate` writes: where, and what. `at` is in milliseconds since 1970. */
export function migrationFile(
  service: string,
  name: string,
  at: number,
  statements: readonly string[],
): { readonly file: string; readonly className: string; readonly text: string } {
  const kebab = name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase();
  const className = `${name}${at}`;
  const lines = statements.map((sql) => `      ${sql.replaceAll('`', '\\`')};`).join('\n');
  return {
    file: `apps/${service}/src/migrations/${at}-${kebab}.ts`,
    className,
    text: `import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

export class ${className} implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(\`
${lines}
    \`);
  }

  down = noWayBack;
}
`,
  };
}
