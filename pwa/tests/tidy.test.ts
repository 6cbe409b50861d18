// The TypeScript half of tests/test_tidy.py: short functions, and imports that point one way.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";
import { expect, test } from "vitest";

const LINES_PER_FUNCTION_MAX = 60;

const root = fileURLToPath(new URL("../src", import.meta.url));
const files = globSync("**/*.{ts,svelte}", { cwd: root }).filter((name) => !name.includes(".gen."));

// main -> screens -> (outbox, push, feed, replica, scan) -> core
const layerOf = (name: string): number => {
  if (/^(main\.ts|App\.svelte|dev\/.*)$/.test(name)) return 3;
  if (name.startsWith("screens/")) return 2;
  return name.startsWith("core/") ? 0 : 1;
};

// A component's functions stand in its script; the markup is left out.
function sourceOf(name: string): ts.SourceFile {
  const text = readFileSync(join(root, name), "utf8");
  const script = name.endsWith(".svelte")
    ? [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map((found) => found[1]).join("\n")
    : text;
  return ts.createSourceFile(name, script, ts.ScriptTarget.Latest, true);
}

function nodesOf(node: ts.Node): ts.Node[] {
  return [node, ...node.getChildren().flatMap(nodesOf)];
}

function longFunctions(name: string): string[] {
  const source = sourceOf(name);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  return nodesOf(source)
    .filter((node) => ts.isFunctionLike(node))
    .filter((node) => lineOf(node.end) - lineOf(node.getStart()) >= LINES_PER_FUNCTION_MAX)
    .map((node) => `${name}:${lineOf(node.getStart())}`);
}

function importsUphill(name: string): string[] {
  return nodesOf(sourceOf(name))
    .filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    .map((node) => node.moduleSpecifier)
    .filter((specifier) => specifier !== undefined && ts.isStringLiteral(specifier))
    .filter((specifier) => specifier.text.startsWith("."))
    .map((specifier) => normalize(join(dirname(name), specifier.text)))
    .filter((target) => layerOf(target) > layerOf(name))
    .map((target) => `${name} imports ${target}`);
}

test("no function is too long to read", () => {
  expect(files.filter((name) => !name.endsWith(".test.ts")).flatMap(longFunctions)).toEqual([]);
});

test("imports point from main to the screens, from the screens to the rest, from all to core", () => {
  expect(files.filter((name) => !name.endsWith(".test.ts")).flatMap(importsUphill)).toEqual([]);
});
