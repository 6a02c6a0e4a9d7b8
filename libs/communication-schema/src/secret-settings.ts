/** The settings of a tenant that the communication service encrypts, and that the registry takes in no other form. */
export const secretSettings: readonly string[] = ['smtp.password'];
