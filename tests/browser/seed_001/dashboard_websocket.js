// The hook without React: its states are fields of `held`, and `render` is called when one changes.
function useDashboardWebSocket(url, options = {}, render = () => {}) {
  const held = { connectionStatus: 'Disconnected', metrics: {}, events: [], alerts: [] };
  const set = (name) => (value) => {
    held[name] = typeof value === 'function' ? value(held[name]) : value;
    render(held);
  };
  const setConnectionStatus = set('connectionStatus');
  const setMetrics = set('metrics');
  const setEvents = set('events');
  const setAlerts = set('alerts');
  const ws = { current: null };

  function connect() {
    ws.current = new WebSocket(url);
    setConnectionStatus('Connecting');

    ws.current.onopen = () => {
      setConnectionStatus('Connected');

      // Authenticate
      ws.current.send(JSON.stringify({
        message_type: 'Auth',
        payload: { token: options.token },
        timestamp: new Date().toISOString()
      }));

      // Subscribe to rooms
      ws.current.send(JSON.stringify({
        message_type: 'Subscription',
        payload: {
          rooms: options.rooms || ['dashboard'],
          event_types: options.eventTypes || [],
          tenant_id: options.tenantId
        },
        timestamp: new Date().toISOString()
      }));
    };

    ws.current.onmessage = (event) => {
      const message = JSON.parse(event.data);

      switch (message.message_type) {
        case 'Metrics':
          setMetrics(message.payload);
          break;
        case 'Event':
          setEvents(prev => [message.payload, ...prev.slice(0, 49)]);
          break;
        case 'Alert':
          setAlerts(prev => [message.payload, ...prev.slice(0, 9)]);
          break;
      }
    };

    ws.current.onclose = () => {
      setConnectionStatus('Disconnected');
      setTimeout(connect, 3000); // Auto-reconnect
    };

    ws.current.onerror = () => {
      setConnectionStatus('Error');
    };
  }

  connect();

  return {
    held,
    close: () => ws.current?.close(),
    sendMessage: (message) => {
      if (ws.current?.readyState === WebSocket.OPEN) {
        ws.current.send(JSON.stringify(message));
      }
    }
  };
}

// The component: what it shows, with the same texts.
function renderDashboard({ connectionStatus, metrics, events, alerts }) {
  return `
    <div class="dashboard">
      <div class="connection-status">Status: ${connectionStatus}</div>

      <div class="metrics-grid">
        <div class="metric-card">
          <h3>Mensagens Enviadas</h3>
          <div class="value">${metrics.messages_sent || 0}</div>
        </div>
        <div class="metric-card">
          <h3>Conversações Ativas</h3>
          <div class="value">${metrics.active_conversations || 0}</div>
        </div>
        <div class="metric-card">
          <h3>CPU Usage</h3>
          <div class="value">${Math.round(metrics.system_cpu_usage || 0)}%</div>
        </div>
      </div>

      <div class="events-feed">
        <h3>Eventos Recentes</h3>
        ${events.map((event) => `
          <div class="event-item">
            <span class="event-type">${event.event_type}</span>
            <span class="event-time">
              ${new Date(event.timestamp).toLocaleString()}
            </span>
          </div>`).join('')}
      </div>

      <div class="alerts">
        <h3>Alertas Ativos</h3>
        ${alerts.map((alert) => `
          <div class="alert-item">
            ${alert.data.rule_name}: ${alert.data.current_value}
          </div>`).join('')}
      </div>
    </div>
  `;
}
