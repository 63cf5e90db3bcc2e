// What a service written for Node would send: a counter, a histogram, a gauge, a log record and a span, by
// OpenTelemetry's own exporters. Usage: node export.mjs grpc|http/protobuf|http/json ENDPOINT SERVICE
import { diag, DiagLogLevel, SpanStatusCode } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [protocol, endpoint, service] = process.argv.slice(2);
const faults = [];
const note = (...words) => faults.push(words.map(String).join(" "));
diag.setLogger({ error: note, warn: note, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const exporters = {
  grpc: [GrpcMetrics, GrpcLogs, GrpcTraces],
  "http/protobuf": [ProtoMetrics, ProtoLogs, ProtoTraces],
  "http/json": [JsonMetrics, JsonLogs, JsonTraces],
}[protocol];
const settings = (path) => (protocol === "grpc" ? { url: endpoint } : { url: `${endpoint}/v1/${path}`, compression: "gzip" });
const [metrics, logs, traces] = exporters.map((Exporter, n) => new Exporter(settings(["metrics", "logs", "traces"][n])));
const resource = resourceFromAttributes({ "service.name": service });

const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })],
});
const meter = meters.getMeter("node-tests", "1.0");
meter.createCounter("orders", { unit: "{order}" }).add(3, { region: "eu" });
meter.createGauge("temperature").record(21.5, { room: "hall" });
const latency = meter.createHistogram("http.server.request.duration", {
  unit: "s",
  advice: { explicitBucketBoundaries: [0.1, 0.5, 1] },
});
for (const seconds of [0.05, 0.2, 0.3, 2]) latency.record(seconds, { "http.route": "/cart", "http.response.status_code": 200 });

const loggers = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor(logs)] });
loggers.getLogger("node-tests").emit({ severityNumber: SeverityNumber.WARN, body: "low stock", attributes: { item: 7 } });

const tracers = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(traces)] });
const span = tracers.getTracer("node-tests").startSpan("checkout", { attributes: { "cart.items": 2 } });
span.addEvent("paid", { method: "card" });
span.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
span.end();

await Promise.all([meters.forceFlush(), loggers.forceFlush(), tracers.forceFlush()]);
await Promise.all([meters.shutdown(), loggers.shutdown(), tracers.shutdown()]);
if (faults.length) {
  console.error(faults.join("\n"));
  process.exit(1);
}
