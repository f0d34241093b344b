<?php
// Connects phpredis, and has it write, read and send a pipeline (which it has for one server only).
// usage: phpredis.php one|cluster PORT...
[$mode, $ports] = [$argv[1], array_slice($argv, 2)];

function check($found, $wanted) {
    if ($found !== $wanted) {
        fwrite(STDERR, var_export($found, true) . " instead of " . var_export($wanted, true) . "\n");
        exit(1);
    }
}

if ($mode == "one") {
    $client = new Redis();
    $client->connect("127.0.0.1", (int)$ports[0]);
} else {
    $client = new RedisCluster(null, array_map(fn($port) => "127.0.0.1:$port", $ports));
}
$keys = array_map(fn($number) => "client:phpredis:$number", range(0, 19));
foreach ($keys as $key) check($client->set($key, $key, ["ex" => 1000]), true);
foreach ($keys as $key) check($client->get($key), $key);
if ($mode == "one") {
    $pipeline = $client->multi(Redis::PIPELINE);
    foreach ($keys as $key) $pipeline->set($key, "p")->get($key);
    $wanted = [];
    foreach ($keys as $_) array_push($wanted, true, "p");
    check($pipeline->exec(), $wanted);
} else {
    check($client->mset(array_fill_keys($keys, "p")), true);
    check($client->mget($keys), array_fill(0, 20, "p"));
}
$client->close();
echo "ok\n";
