const ws = new WebSocket('ws://localhost:8001/ws/live');

ws.onopen = () => {
    // Subscribe to channels
    ws.send(JSON.stringify({
        type: 'subscribe',
        channels: ['logs', 'alerts', 'stats']
    }));
};

ws.onmessage = (event) => {
    const data = JSON.parse(event.data);

    switch (data.type) {
        case 'log':
            console.log('New log:', data.data);
            break;
        case 'alert':
            console.log('New alert:', data);
            break;
        case 'stats':
            console.log('Stats update:', data);
            break;
    }
};
