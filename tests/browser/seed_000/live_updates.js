const ws = new WebSocket('ws://localhost:8001/ws/live');

ws.onmessage = (event) => {
  const data = JSON.parse(event.data);

  if (data.type === 'live_metrics') {
    // Update dashboard metrics
    updateMetrics(data.data);
  }

  if (data.type === 'ai_insights') {
    // Update AI insights
    updateInsights(data.data);
  }
};
