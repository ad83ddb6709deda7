import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('products')
@Check('products_price_minor_chk', 'price_minor > 0')
export class ProductEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'products_pk' }) sku!: string;
  @Column('text') name!: string;
  @Column('int', { name: 'price_minor' }) priceMinor!: number;
  @Column('text') currency!: string;
}
