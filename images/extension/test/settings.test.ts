import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULTS, ENTRIES, settingsOf } from "../src/settings.ts";

const schema = JSON.parse(readFileSync("schema/plugin.json", "utf8")).properties;
const said = Object.fromEntries(
  Object.entries<{ default: unknown }>(schema).map(([name, each]) => [name, each.default]),
);

test("what holds before the course's settings are there is the schema's default", () => {
  assert.deepEqual(settingsOf(said), DEFAULTS);
});

test("the menu's entries are those of the schema", () => {
  assert.deepEqual(schema.menu.items.enum, [...ENTRIES]);
});

test("a course chooses entries and their order", () => {
  assert.deepEqual(settingsOf({ menu: ["help", "save", "unknown"] }).menu, ["help", "save"]);
  assert.deepEqual(settingsOf({ menu: [] }).menu, []);
});

test("only a web address is help", () => {
  assert.equal(settingsOf({ help: "https://example.org/h" }).help, "https://example.org/h");
  assert.equal(settingsOf({ help: "javascript:alert(1)" }).help, "");
});
