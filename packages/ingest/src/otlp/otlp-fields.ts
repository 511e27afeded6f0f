import type { MessageFields } from "../protobuf-message.ts";

const ATTRIBUTE: MessageFields = {
  1: { name: "key", type: "string" },
  2: {
    name: "value",
    type: {
      1: { name: "stringValue", type: "string" },
      2: { name: "boolValue", type: "bool" },
      3: { name: "intValue", type: "int" },
      4: { name: "doubleValue", type: "double" },
    },
  },
};
const attributes = { name: "attributes", type: ATTRIBUTE, repeated: true } as const;
const NUMBER_POINT: MessageFields = {
  7: attributes,
  2: { name: "startTimeUnixNano", type: "fixed64" },
  3: { name: "timeUnixNano", type: "fixed64" },
  4: { name: "asDouble", type: "double" },
  6: { name: "asInt", type: "sfixed64" },
  8: { name: "flags", type: "uint" },
};
const HISTOGRAM_POINT: MessageFields = {
  9: attributes,
  2: { name: "startTimeUnixNano", type: "fixed64" },
  3: { name: "timeUnixNano", type: "fixed64" },
  4: { name: "count", type: "fixed64" },
  6: { name: "bucketCounts", type: "fixed64", repeated: true },
  7: { name: "explicitBounds", type: "double", repeated: true },
  10: { name: "flags", type: "uint" },
};
const EXPONENTIAL_BUCKETS: MessageFields = {
  1: { name: "offset", type: "sint" },
  2: { name: "bucketCounts", type: "uint", repeated: true },
};
const EXPONENTIAL_POINT: MessageFields = {
  1: attributes,
  2: { name: "startTimeUnixNano", type: "fixed64" },
  3: { name: "timeUnixNano", type: "fixed64" },
  4: { name: "count", type: "fixed64" },
  6: { name: "scale", type: "sint" },
  7: { name: "zeroCount", type: "fixed64" },
  8: { name: "positive", type: EXPONENTIAL_BUCKETS },
  9: { name: "negative", type: EXPONENTIAL_BUCKETS },
  10: { name: "flags", type: "uint" },
  14: { name: "zeroThreshold", type: "double" },
};
const SUMMARY_POINT: MessageFields = {
  7: attributes,
  2: { name: "startTimeUnixNano", type: "fixed64" },
  3: { name: "timeUnixNano", type: "fixed64" },
  4: { name: "count", type: "fixed64" },
  6: {
    name: "quantileValues",
    repeated: true,
    type: { 1: { name: "quantile", type: "double" }, 2: { name: "value", type: "double" } },
  },
  8: { name: "flags", type: "uint" },
};
const dataPoints = (type: MessageFields): MessageFields => ({
  1: { name: "dataPoints", type, repeated: true },
  2: { name: "aggregationTemporality", type: "uint" },
  3: { name: "isMonotonic", type: "bool" },
});
const METRIC: MessageFields = {
  1: { name: "name", type: "string" },
  5: { name: "gauge", type: dataPoints(NUMBER_POINT) },
  7: { name: "sum", type: dataPoints(NUMBER_POINT) },
  9: { name: "histogram", type: dataPoints(HISTOGRAM_POINT) },
  10: { name: "exponentialHistogram", type: dataPoints(EXPONENTIAL_POINT) },
  11: { name: "summary", type: dataPoints(SUMMARY_POINT) },
};

/** The fields read of `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`. */
export const EXPORT_REQUEST: MessageFields = {
  1: {
    name: "resourceMetrics",
    repeated: true,
    type: {
      1: { name: "resource", type: { 1: attributes } },
      2: {
        name: "scopeMetrics",
        repeated: true,
        type: { 2: { name: "metrics", type: METRIC, repeated: true } },
      },
    },
  },
};
