// First data in with Go: an event, a metric value and a heartbeat over REST.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const service = "example-go"

var (
	started = time.Now()
	client  = &http.Client{Timeout: 10 * time.Second}
)

func baseURL() string {
	if url := os.Getenv("BINNACLE_URL"); url != "" {
		return url
	}
	return "http://127.0.0.1:8080"
}

func call(method, path string, body any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, baseURL()+path, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token := os.Getenv("BINNACLE_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, err
}

func sendHeartbeat(requests, failures int, averageLatency float64) error {
	_, err := call(http.MethodPost, "/heartbeat", map[string]any{
		"service": service,
		"status":  "healthy",
		"metrics": map[string]any{
			"request_count": requests,
			"error_count":   failures,
			"avg_latency":   averageLatency,
			"uptime":        time.Since(started).Hours(),
		},
	})
	return err
}

func run() error {
	event := map[string]any{
		"type":    "product_view",
		"service": service,
		"user_id": "user-123",
		"data":    map[string]any{"product_id": "OLJCESPC7Z", "category": "accessories"},
	}
	if _, err := call(http.MethodPost, "/events", event); err != nil {
		return err
	}
	metric := map[string]any{
		"name":  "latency",
		"value": 45.2,
		"unit":  "ms",
		"tags":  map[string]string{"service": service, "endpoint": "/products"},
	}
	if _, err := call(http.MethodPost, "/metrics", metric); err != nil {
		return err
	}
	// A service of yours sends one every 30 seconds.
	if err := sendHeartbeat(1000, 5, 23.5); err != nil {
		return err
	}
	answer, err := call(http.MethodGet, "/events?service="+service, nil)
	if err != nil {
		return err
	}
	fmt.Println(string(answer))
	return nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
