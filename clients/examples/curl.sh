#!/bin/sh
# First data in with curl: an event, a metric value, a heartbeat, and what has become of them.
set -eu
url=${BINNACLE_URL:-http://127.0.0.1:8080}

call() {
    path=$1
    shift
    if [ -n "${BINNACLE_TOKEN:-}" ]; then
        set -- -H "Authorization: Bearer $BINNACLE_TOKEN" "$@"
    fi
    curl --silent --show-error --fail-with-body --max-time 10 "$@" "$url$path"
    echo
}

post() {
    call "$1" -H 'Content-Type: application/json' -d "$2"
}

post /events '{"type": "purchase", "service": "example-curl", "user_id": "user-123",
               "data": {"order_id": "ORDER-456", "total": 99.99, "currency": "USD"}}'
post /metrics '{"name": "latency", "value": 45.2, "unit": "ms",
                "tags": {"service": "example-curl", "endpoint": "/products"}}'
post /heartbeat '{"service": "example-curl", "status": "healthy",
                  "metrics": {"request_count": 1000, "error_count": 5, "avg_latency": 23.5, "uptime": 72.5}}'
call '/events?service=example-curl'
