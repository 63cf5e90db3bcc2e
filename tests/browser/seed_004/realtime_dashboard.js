class RealtimeDashboard {
  constructor(containerElement) {
    this.container = containerElement;
    this.ws = new WebSocket('ws://localhost:8099/ws/dashboard');
    this.data = null;

    this.ws.onmessage = this.handleMessage.bind(this);
  }

  handleMessage(event) {
    const message = JSON.parse(event.data);

    if (message.type === 'snapshot' || message.type === 'dashboard_update') {
      this.data = message.data;
      this.render();
    } else if (message.type === 'event') {
      this.showEventNotification(message.data);
    }
  }

  render() {
    const { overview, services, realtime_stats } = this.data;

    this.container.innerHTML = `
      <div class="dashboard">
        <div class="overview">
          <h2>Overview</h2>
          <div class="metrics">
            <div class="metric">
              <span class="value">${overview.total_requests.toLocaleString()}</span>
              <span class="label">Total Requests</span>
            </div>
            <div class="metric">
              <span class="value">${overview.active_users}</span>
              <span class="label">Active Users</span>
            </div>
            <div class="metric">
              <span class="value">${overview.average_latency_ms.toFixed(1)}ms</span>
              <span class="label">Avg Latency</span>
            </div>
            <div class="metric">
              <span class="value">${overview.error_rate.toFixed(2)}%</span>
              <span class="label">Error Rate</span>
            </div>
          </div>
        </div>

        <div class="services">
          <h2>Services</h2>
          ${Object.values(services).map(s => this.renderService(s)).join('')}
        </div>

        <div class="realtime">
          <h2>Real-time Activity</h2>
          <p>Requests (1min): ${realtime_stats.requests_last_1min}</p>
          <p>Errors (1min): ${realtime_stats.errors_last_1min}</p>

          <h3>Top Endpoints</h3>
          <ul>
            ${realtime_stats.top_endpoints.map(e => `
              <li>${e.endpoint}: ${e.count} requests (${e.avg_time_ms.toFixed(1)}ms avg)</li>
            `).join('')}
          </ul>
        </div>
      </div>
    `;
  }

  renderService(service) {
    const statusClass = service.status === 'healthy' ? 'healthy' : 'unhealthy';

    return `
      <div class="service ${statusClass}">
        <h3>${service.name}</h3>
        <span class="status">${service.status}</span>
        <p>Requests: ${service.request_count}</p>
        <p>Errors: ${service.error_count}</p>
        <p>Latency: ${service.avg_latency_ms.toFixed(1)}ms</p>
        <p>Uptime: ${service.uptime_hours.toFixed(1)}h</p>
      </div>
    `;
  }

  showEventNotification(event) {
    console.log('New event:', event);
    // Show toast notification, etc.
  }
}
