/** What @nestjs/websockets marks a gateway with. */
const GATEWAY_METADATA = 'websockets:is_gateway';

export function isGateway(type: unknown): type is abstract new (...args: never[]) => object {
  return typeof type === 'function' && Reflect.hasMetadata(GATEWAY_METADATA, type);
}
