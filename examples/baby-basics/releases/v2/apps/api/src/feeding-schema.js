const id = { type: 'string', format: 'uuid' }

const fields = {
  id,
  babyName: { type: 'string', minLength: 1, maxLength: 100 },
  amountMl: { type: 'integer', minimum: 1, maximum: 1000 },
  note: { type: ['string', 'null'], maxLength: 1000 },
}

export const params = { type: 'object', properties: { id } }
export const body = {
  type: 'object',
  required: ['id', 'babyName', 'amountMl'],
  properties: fields,
  additionalProperties: false,
}
export const feeding = { type: 'object', properties: { ...fields, createdAt: { type: 'string', format: 'date-time' } } }
