<?php
// Connects predis, and has it write, read and send a pipeline.
// usage: predis.php one|cluster PORT...
require "Predis/autoload.php";
[$mode, $ports] = [$argv[1], array_slice($argv, 2)];

function check($found, $wanted) {
    if ($found !== $wanted) {
        fwrite(STDERR, var_export($found, true) . " instead of " . var_export($wanted, true) . "\n");
        exit(1);
    }
}

$client = $mode == "one"
    ? new Predis\Client(["host" => "127.0.0.1", "port" => (int)$ports[0], "database" => 0])
    : new Predis\Client(array_map(fn($port) => "tcp://127.0.0.1:$port", $ports), ["cluster" => "redis"]);
$keys = array_map(fn($number) => "client:predis:$number", range(0, 19));
foreach ($keys as $key) check($client->set($key, $key)->getPayload(), "OK");
foreach ($keys as $key) check($client->get($key), $key);
$replies = $client->pipeline(function ($pipeline) use ($keys) {
    foreach ($keys as $key) {
        $pipeline->set($key, "p");
        $pipeline->get($key);
    }
});
foreach ($keys as $place => $_) {
    check($replies[2 * $place]->getPayload(), "OK");
    check($replies[2 * $place + 1], "p");
}
$client->disconnect();
echo "ok\n";
