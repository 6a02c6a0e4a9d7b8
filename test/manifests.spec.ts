import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const manifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest;
const workspaces = manifestOf('.').workspaces ?? [];

function sourcesOf(workspace: string): string[] {
  return readdirSync(join(root, workspace, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(root, workspace, 'src', file));
}

interface Named {
  readonly name: string;
  /** Only its types: nothing of it is loaded. */
  readonly typesOnly: boolean;
}

/** The packages that a file imports, in every way there is. */
function packagesOf(file: string): Named[] {
  const text = readFileSync(file, 'utf8');
  const typesOnly = [...text.matchAll(/^import type [^;]*? from '([^']+)';/gm)].map(([, name]) => name);
  const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return imported
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => ({
      name: name.split('/', name.startsWith('@') ? 2 : 1).join('/'),
      typesOnly: typesOnly.includes(name),
    }));
}

/** What a package expects whoever installs it to install too. */
function peersOf(name: string): string[] {
  const file = join(root, 'node_modules', name, 'package.json');
  return Object.keys((JSON.parse(readFileSync(file, 'utf8')) as Manifest).peerDependencies ?? {});
}

const namesOf = (packages: readonly Named[]): string[] => [...new Set(packages.map(({ name }) => name))];
const isSpec = (file: string): boolean => file.endsWith('.spec.ts') || file.includes('/testing/');

describe.each([...workspaces])('the manifest of %s', (workspace) => {
  const manifest = manifestOf(workspace);
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const files = sourcesOf(workspace);
  const used = files.filter((file) => !isSpec(file)).flatMap(packagesOf);
  // What an application only takes types from is not loaded; what a library does, its own types name.
  const loaded = manifest.private ? used.filter(({ typesOnly }) => !typesOnly) : used;

  it('declares what its sources import', () => {
    expect(namesOf(loaded).filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('declares nothing that neither they nor what they use needs', () => {
    const texts = files.filter((file) => !isSpec(file)).map((file) => readFileSync(file, 'utf8'));
    const needed = new Set([...namesOf(used), ...declared.flatMap(peersOf)]);
    // What is not imported may be located, or started, by its name.
    const isNamed = (name: string): boolean => texts.some((text) => text.includes(`'${name}'`));

    expect(declared.filter((name) => !needed.has(name) && !isNamed(name))).toEqual([]);
  });

  it('tests with what it declares itself, or another part of the monorepo does', () => {
    const available = [...workspaces, '.']
      .map(manifestOf)
      .flatMap((part) => [part.name, ...Object.keys({ ...part.dependencies, ...part.devDependencies })]);
    const tested = namesOf([...used, ...files.filter(isSpec).flatMap(packagesOf)]);

    expect(tested.filter((name) => !available.includes(name) && !available.includes(`@types/${name}`))).toEqual([]);
  });

  it('names one version of what others name too', () => {
    const versions = (of: Manifest) => ({ ...of.dependencies, ...of.devDependencies });
    const differing = workspaces.flatMap((other) =>
      Object.entries(versions(manifest))
        .filter(([name, version]) => (versions(manifestOf(other))[name] ?? version) !== version)
        .map(([name]) => `${name} in ${other}`),
    );

    expect(differing).toEqual([]);
  });
});
