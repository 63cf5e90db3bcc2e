// Analytics client
class AnalyticsClient {
  constructor() {
    this.baseUrl = 'http://localhost:8099';
  }

  async trackEvent(type, data, userId = null) {
    return fetch(`${this.baseUrl}/events`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        type,
        service: 'frontend',
        user_id: userId,
        data
      })
    });
  }

  async trackPageView(page, userId) {
    return this.trackEvent('page_view', { page }, userId);
  }

  async trackPurchase(orderId, total, userId) {
    return this.trackEvent('purchase', {
      order_id: orderId,
      total,
      currency: 'USD'
    }, userId);
  }

  async recordMetric(name, value, tags = {}) {
    return fetch(`${this.baseUrl}/metrics`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        name,
        value,
        unit: 'ms',
        tags: { service: 'frontend', ...tags }
      })
    });
  }
}
