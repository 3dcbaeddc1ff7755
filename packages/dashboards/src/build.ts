import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  BigValueGraphMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  type Dashboard,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as NumberBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

import type { DashboardSpec, PanelSpec, QuerySpec, VariableSpec } from './spec.ts';

const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = { number: 4, graph: 8, table: 24 } as const;
const HEIGHT = { number: 4, graph: 8, table: 6 } as const;

/** The dashboard as Grafana reads it. */
export function buildDashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(`nova-${spec.name}`)
    .description(spec.description)
    .tags(['aos'])
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    );
  for (const variable of spec.variables) builder.withVariable(buildVariable(variable));
  let id = 0;
  for (const row of spec.rows) {
    builder.withRow(new RowBuilder(row.title).id(++id));
    for (const panel of row.panels) builder.withPanel(buildPanel(panel, ++id));
  }
  return builder.build();
}

function buildVariable({ name, metric }: VariableSpec): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(name)
    .datasource(SOURCE)
    .query(`label_values(${metric}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' });
}

function buildPanel(spec: PanelSpec, id: number): Builder<Panel> {
  const builder = builderOf(spec)
    .id(id)
    .title(spec.title)
    .description(spec.description)
    .datasource(SOURCE)
    .unit(spec.unit)
    .height(HEIGHT[spec.kind])
    .span(spec.width ?? WIDTH[spec.kind])
    .thresholds(thresholdsOf(spec));
  for (const [index, query] of spec.queries.entries()) {
    builder.withTarget(buildQuery(query, spec.kind, index));
  }
  return builder;
}

function builderOf(spec: PanelSpec): NumberBuilder | GraphBuilder | TableBuilder {
  switch (spec.kind) {
    case 'number':
      return new NumberBuilder().graphMode(BigValueGraphMode.Area);
    case 'table':
      return new TableBuilder();
    case 'graph': {
      const graph = new GraphBuilder()
        .min(0)
        .drawStyle(GraphDrawStyle.Line)
        .fillOpacity(spec.stacked ? 30 : 10)
        .legend(
          new VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(LegendDisplayMode.List)
            .placement(LegendPlacement.Bottom),
        )
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
      return spec.stacked
        ? graph.stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
        : graph;
    }
  }
}

function thresholdsOf({ worry }: PanelSpec): ThresholdsConfigBuilder {
  const [yellow, red] = worry ?? [];
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: 'green' },
      ...(yellow === undefined ? [] : [{ value: yellow, color: 'yellow' }]),
      ...(red === undefined ? [] : [{ value: red, color: 'red' }]),
    ]);
}

function buildQuery({ expr, legend }: QuerySpec, kind: PanelSpec['kind'], index: number) {
  const query = new DataqueryBuilder().refId(String.fromCharCode(65 + index)).expr(expr);
  if (kind === 'table') return query.instant().format(PromQueryFormat.Table);
  return query.range().legendFormat(legend === '' ? '__auto' : legend);
}
