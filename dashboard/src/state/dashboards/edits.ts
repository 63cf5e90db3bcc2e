/** What can be done to a dashboard, each so that it can be done again on another version of it. */
import { create } from '@bufbuild/protobuf';
import type { Dashboard } from '@gen/binnacle/dashboards/v1/dashboards_pb';
import { PositionSchema, type Widget } from '@gen/binnacle/dashboards/v1/widgets_pb';
import { moved as movedTo, settled, type Spot, type Standing } from './grid';
import { spotOf } from './kinds';
import type { Edit } from './opened.svelte';

/** A widget that was not there, below what is where it would stand. */
export function added(widget: Widget): Edit {
  return (dashboard) => withWidgets(dashboard, [...dashboard.widgets.filter(({ id }) => id !== widget.id), widget], settled);
}

/** A widget in place of the one of its identity; where that is gone it is added again. It stays where it stands now. */
export function put(widget: Widget): Edit {
  return (dashboard) => {
    const former = dashboard.widgets.find(({ id }) => id === widget.id);
    if (!former) return added(widget)(dashboard);
    const changed = former.position ? { ...widget, position: former.position } : widget;
    return { ...dashboard, widgets: dashboard.widgets.map((one) => (one.id === widget.id ? changed : one)) };
  };
}

export function moved(id: string, spot: Spot): Edit {
  return (dashboard) => withWidgets(dashboard, dashboard.widgets, (all) => movedTo(all, id, spot));
}

export function without(id: string): Edit {
  return (dashboard) => ({ ...dashboard, widgets: dashboard.widgets.filter((one) => one.id !== id) });
}

function withWidgets(dashboard: Dashboard, widgets: readonly Widget[], place: (all: readonly Standing[]) => readonly Standing[]): Dashboard {
  const standing = place(widgets.map((widget) => ({ id: widget.id, ...spotOf(widget) })));
  const spots = new Map(standing.map(({ id, x, y, width, height }) => [id, { x, y, width, height }]));
  return { ...dashboard, widgets: widgets.map((widget) => ({ ...widget, position: create(PositionSchema, spots.get(widget.id)!) })) };
}
