module example.com/checkout

go 1.22

require github.com/nats-io/nats.go v1.43.0
