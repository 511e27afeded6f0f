// A plain NATS client in Go: go run .
//
// It publishes samples with an acknowledgement and hears of thresholds and anomalies.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

type sample struct {
	Value  float64           `json:"value"`
	Labels map[string]string `json:"labels"`
}

type reply struct {
	Accepted int `json:"accepted"`
	Rejected []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"rejected"`
}

type threshold struct {
	Metric     string  `json:"metric"`
	Threshold  float64 `json:"threshold"`
	Confidence float64 `json:"confidence"`
}

type anomaly struct {
	ID    string  `json:"anomaly_id"`
	Phase string  `json:"phase"`
	Peak  float64 `json:"peak_value"`
}

func main() {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Drain()

	nc.Subscribe("mapek.thresholds.shop.>", func(message *nats.Msg) {
		var found threshold
		if json.Unmarshal(message.Data, &found) == nil {
			fmt.Println("threshold", found.Metric, found.Threshold, found.Confidence)
		}
	})
	nc.Subscribe("mapek.anomalies.shop.>", func(message *nats.Msg) {
		var found anomaly
		if json.Unmarshal(message.Data, &found) == nil {
			fmt.Println("anomaly", found.ID, found.Phase, found.Peak)
		}
	})

	for {
		body, _ := json.Marshal(sample{50 + 5*rand.NormFloat64(), map[string]string{"host": "a"}})
		// The answer comes after the sample is stored.
		answer, err := nc.Request("mapek.metrics.shop.latency_ms", body, 5*time.Second)
		if err != nil {
			log.Println("not stored:", err)
			continue
		}
		var told reply
		if json.Unmarshal(answer.Data, &told) == nil && len(told.Rejected) > 0 {
			log.Println("refused:", told.Rejected[0].Code)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
