/** Figures that Binnacle counts by itself; any metric that was sent is one too. */
export const FIGURES: readonly string[] = [
  'requests', 'errors', 'error_rate', 'requests_per_second', 'average_latency_ms', 'p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms',
  'messages_sent', 'messages_received', 'messages_failed', 'message_failure_rate', 'conversations_started', 'active_conversations',
  'tickets_created', 'campaign_messages_sent', 'conversions', 'purchases', 'searches', 'credits_purchased', 'credits_used',
  'revenue', 'ai_cost', 'ai_calls', 'ai_tokens',
  'integration_calls', 'integration_failures', 'integration_success_rate', 'integration_response_ms',
  'active_users', 'events', 'events_by_type', 'events_by_service', 'log_lines', 'database_connections',
  'system_cpu_usage', 'system_memory_usage', 'system_disk_usage', 'network_receive_bytes_per_second', 'network_transmit_bytes_per_second',
];
