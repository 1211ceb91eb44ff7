import { expect, test } from 'vitest';
import { collectionSchema, requestsOf } from './collection.ts';

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const request = { name: 'health', request: { method: 'GET', url: 'http://x' } };

test('requests are counted in every folder', () => {
  const collection = {
    info: { name: 'x', schema },
    item: [request, { name: 'folder', item: [request, { item: [request] }] }],
  };
  expect(requestsOf(collectionSchema.parse(collection))).toBe(3);
  expect(requestsOf(collectionSchema.parse({ info: { schema }, item: [{ name: 'folder', item: [] }] }))).toBe(0);
});

test('a file of another format is no collection', () => {
  expect(collectionSchema.safeParse({ info: { schema: 'v1' }, item: [] }).success).toBe(false);
  expect(collectionSchema.safeParse({ requests: [request] }).success).toBe(false);
});
