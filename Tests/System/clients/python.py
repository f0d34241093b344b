#!/usr/bin/env python3
"""Connects one of Python's client libraries, and has it write, read and send a pipeline.

usage: python.py CLIENT one|cluster PORT...

  one      the first port is one Redis
  cluster  the ports are nodes of a cluster

The last line is "ok" and the library's version.
"""
import asyncio
import importlib.metadata
import sys

KEYS = [f"client:{sys.argv[1]}:{number}" for number in range(20)]
VALUES = [str(number) for number in range(20)]


def blocking(client, pipeline):
    """What redis-py and those like it do."""
    for key, value in zip(KEYS, VALUES):
        assert client.set(key, value) is True
    assert [text(client.get(key)) for key in KEYS] == VALUES
    for key in KEYS:
        pipeline.set(key, "p")
        pipeline.get(key)
    assert [text(reply) for reply in pipeline.execute()] == [True, "p"] * len(KEYS)
    client.close()


async def awaited(client, pipeline):
    for key, value in zip(KEYS, VALUES):
        assert await client.set(key, value) is True
    assert [text(await client.get(key)) for key in KEYS] == VALUES
    for key in KEYS:
        pipeline.set(key, "p")
        pipeline.get(key)
    assert [text(reply) for reply in await pipeline.execute()] == [True, "p"] * len(KEYS)
    await client.aclose()


def text(reply):
    return reply.decode() if isinstance(reply, bytes) else reply


def redis_py(mode, ports):
    import redis
    import redis.asyncio
    import redis.asyncio.cluster
    import redis.cluster
    for protocol in (None, 2, 3):
        options = {"protocol": protocol} if protocol else {}
        if mode == "one":
            client = redis.Redis(port=ports[0], client_name="name", **options)
            blocking(client, client.pipeline(transaction=False))
            client = redis.asyncio.Redis(port=ports[0], **options)
            asyncio.run(awaited(client, client.pipeline(transaction=False)))
            continue
        nodes = [redis.cluster.ClusterNode("127.0.0.1", port) for port in ports]
        for strategy in (None, redis.cluster.LoadBalancingStrategy.ROUND_ROBIN):
            client = redis.cluster.RedisCluster(
                startup_nodes=nodes, load_balancing_strategy=strategy, **options)
            blocking(client, client.pipeline())
        asyncio.run(redis_py_cluster(redis.asyncio.cluster, ports, options))


async def redis_py_cluster(module, ports, options):
    nodes = [module.ClusterNode("127.0.0.1", port) for port in ports]
    client = module.RedisCluster(startup_nodes=nodes, **options)
    await client.initialize()
    await awaited(client, client.pipeline())


def valkey_py(mode, ports):
    import valkey
    import valkey.cluster
    for protocol in (None, 2, 3):
        options = {"protocol": protocol} if protocol else {}
        if mode == "one":
            client = valkey.Valkey(port=ports[0], **options)
            blocking(client, client.pipeline(transaction=False))
        else:
            nodes = [valkey.cluster.ClusterNode("127.0.0.1", port) for port in ports]
            client = valkey.cluster.ValkeyCluster(startup_nodes=nodes, **options)
            blocking(client, client.pipeline())


def valkey_glide(mode, ports):
    asyncio.run(glide(mode, ports))


async def glide(mode, ports):
    import glide as library
    nodes = [library.NodeAddress("127.0.0.1", port) for port in ports]
    if mode == "one":
        client = await library.GlideClient.create(
            library.GlideClientConfiguration(nodes[:1], client_name="name"))
        batch = library.Batch(is_atomic=False)
    else:
        client = await library.GlideClusterClient.create(
            library.GlideClusterClientConfiguration(nodes))
        batch = library.ClusterBatch(is_atomic=False)
    for key, value in zip(KEYS, VALUES):
        assert await client.set(key, value) == "OK"
    assert [text(await client.get(key)) for key in KEYS] == VALUES
    for key in KEYS:
        batch.set(key, "p")
        batch.get(key)
    replies = await client.exec(batch, raise_on_error=True)
    assert [text(reply) for reply in replies] == ["OK", "p"] * len(KEYS)
    await client.close()


def coredis(mode, ports):
    asyncio.run(coredis_tasks(mode, ports))


async def coredis_tasks(mode, ports):
    import coredis as library
    if mode == "one":
        client = library.Redis(port=ports[0])
    else:
        nodes = [{"host": "127.0.0.1", "port": port} for port in ports]
        client = library.RedisCluster(startup_nodes=nodes)
    async with client:
        for key, value in zip(KEYS, VALUES):
            assert await client.set(key, value)
        assert [text(await client.get(key)) for key in KEYS] == VALUES
        async with client.pipeline(transaction=False) as pipeline:
            replies = [(pipeline.set(key, "p"), pipeline.get(key)) for key in KEYS]
        for done, value in replies:
            assert await done and text(await value) == "p"


def kombu(mode, ports):
    """celery's transport: a PING before redis-py's HELLO."""
    import kombu as library
    with library.Connection(f"redis://127.0.0.1:{ports[0]}/0") as connection:
        connection.ensure_connection(max_retries=1)
        client = connection.default_channel.client
        client.ping()
        blocking(client, client.pipeline(transaction=False))


def aioredis(mode, ports):
    asyncio.run(aioredis_tasks(ports))


async def aioredis_tasks(ports):
    import aioredis as library
    client = await library.create_redis(("127.0.0.1", ports[0]), db=0)
    assert await client.ping() == b"PONG"
    for key, value in zip(KEYS, VALUES):
        assert await client.set(key, value) is True
    assert [text(await client.get(key)) for key in KEYS] == VALUES
    pipeline = client.pipeline()
    for key in KEYS:
        pipeline.set(key, "p")
        pipeline.get(key)
    assert [text(reply) for reply in await pipeline.execute()] == [True, "p"] * len(KEYS)
    client.close()
    await client.wait_closed()


CLIENTS = {
    "redis-py": redis_py, "valkey-py": valkey_py, "valkey-glide": valkey_glide,
    "coredis": coredis, "kombu": kombu, "aioredis": aioredis,
}
CLIENTS[sys.argv[1]](sys.argv[2], [int(port) for port in sys.argv[3:]])
name = sys.argv[1].removesuffix("-py")
print("ok", importlib.metadata.version(name))
