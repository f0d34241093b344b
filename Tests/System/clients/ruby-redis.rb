# Connects ruby-redis, and has it write, read and send a pipeline.
# usage: ruby-redis.rb one|cluster PORT...
require "redis"

mode, *ports = ARGV
keys = (0...20).map { |number| "client:ruby:#{number}" }
client =
  if mode == "one"
    Redis.new(host: "127.0.0.1", port: ports[0].to_i, id: "name")
  else
    Redis.new(cluster: ports.map { |port| "redis://127.0.0.1:#{port}" })
  end
keys.each { |key| raise "SET" unless client.set(key, key) == "OK" }
keys.each { |key| raise "GET" unless client.get(key) == key }
if mode == "one"
  replies = client.pipelined do |pipeline|
    keys.each do |key|
      pipeline.set(key, "p")
      pipeline.get(key)
    end
  end
  raise "a pipeline: #{replies}" unless replies == keys.flat_map { %w[OK p] }
else
  # In a cluster a pipeline is one node's.
  replies = client.pipelined do |pipeline|
    pipeline.set("{client:ruby}a", "p")
    pipeline.get("{client:ruby}a")
  end
  raise "a pipeline: #{replies}" unless replies == %w[OK p]
end
client.close
puts "ok"
