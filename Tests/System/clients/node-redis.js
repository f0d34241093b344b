// Connects node-redis, and has it write, read and send a pipeline.
// usage: node-redis.js one|cluster PORT...
"use strict";
const assert = require("assert");
const redis = require("redis");

const [mode, ...ports] = process.argv.slice(2);
const keys = [...Array(20).keys()].map((number) => `client:node:${number}`);

async function main() {
    const nodes = ports.map((port) => ({ socket: { host: "127.0.0.1", port: Number(port) } }));
    const client = mode === "one"
        ? redis.createClient({ ...nodes[0], name: "name" })
        : redis.createCluster({ rootNodes: nodes });
    client.on("error", (error) => { throw error; });
    await client.connect();
    for (const key of keys) assert.strictEqual(await client.set(key, key), "OK");
    for (const key of keys) assert.strictEqual(await client.get(key), key);
    // What is asked for in one turn of the loop is sent as one pipeline.
    const replies = await Promise.all(
        keys.flatMap((key) => [client.set(key, "p"), client.get(key)]));
    assert.deepStrictEqual(replies, keys.flatMap(() => ["OK", "p"]));
    await client.quit();
    console.log("ok");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
