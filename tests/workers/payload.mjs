// The objects of the conformance kit, which tell whether they are whole.

export {
  PAYLOAD_BYTES_MIN,
  drawFrom,
  drawSize,
  isWhole,
  payload,
} from '../../packages/conformance/dist/torture/random.js';
