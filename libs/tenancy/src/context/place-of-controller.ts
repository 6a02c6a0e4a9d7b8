import type { Type } from '@nestjs/common';
import { HOST_METADATA, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';

/** What tells a controller from others of its name: two modules may have one each, at another path, version or host. */
export function placeOfController(type: Type): string {
  const place = [PATH_METADATA, VERSION_METADATA, HOST_METADATA].flatMap(
    (key) => (Reflect.getMetadata(key, type) as unknown) ?? '',
  );
  return [...place, type.name].map(String).join(':');
}
